import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { Public } from '../access/access.decorators.js';
import { ApiProblems } from '../problems.decorator.js';
import { userView } from '../users/user.view.js';

import { type LoggedIn, AccountsService } from './accounts.service.js';
import { LoggedInView, LoginDto, RegisterDto } from './auth.dto.js';
import { type Shown } from '../shown.js';

@ApiTags('auth')
@Public()
@Controller('auth')
export class AuthController {
  constructor(private readonly accounts: AccountsService) {}

  @Post('register')
  @ApiOperation({
    summary: 'Make an account and log in',
    description: 'New users get the plan `free`. Closed by AUTH_REGISTRATION=closed.',
  })
  @ApiCreatedResponse({ type: LoggedInView })
  @ApiProblems(400, 403, 409)
  async register(@Body() body: RegisterDto): Promise<Shown<LoggedInView>> {
    return loggedInView(await this.accounts.register(body));
  }

  @Post('login')
  @HttpCode(200)
  @ApiOperation({ summary: 'Log in with a password' })
  @ApiOkResponse({ type: LoggedInView })
  @ApiProblems(400, 401)
  async login(@Body() body: LoginDto): Promise<Shown<LoggedInView>> {
    return loggedInView(await this.accounts.login(body));
  }
}

function loggedInView({ accessToken, expiresIn, user }: LoggedIn): Shown<LoggedInView> {
  return { accessToken, expiresIn, tokenType: 'Bearer', user: userView(user) };
}
