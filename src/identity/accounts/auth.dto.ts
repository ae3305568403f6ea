import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

import { IsAddress, IsLine, MayBeAbsent } from '../text.rules.js';
import { UserView } from '../users/user.view.js';

export class LoginDto {
  @ApiProperty({ example: 'ada@example.com' })
  @IsAddress()
  email!: string;

  @ApiProperty({ example: 'correct horse battery staple' })
  @IsString()
  @Length(1, 200)
  password!: string;
}

export class RegisterDto {
  @ApiProperty({ example: 'ada@example.com', description: 'Compared without case.' })
  @IsAddress()
  email!: string;

  @ApiProperty({ minLength: 8, maxLength: 200, example: 'correct horse battery staple' })
  @IsString()
  @Length(8, 200)
  password!: string;

  @ApiPropertyOptional({ maxLength: 200, example: 'Ada' })
  @MayBeAbsent()
  @IsLine(200)
  name?: string;
}

export class LoggedInView {
  @ApiProperty({ description: 'For the header "Authorization: Bearer …".' })
  accessToken!: string;

  @ApiProperty({ type: 'integer', example: 43200, description: 'Seconds until the token expires.' })
  expiresIn!: number;

  @ApiProperty({ enum: ['Bearer'] })
  tokenType!: 'Bearer';

  @ApiProperty({ type: UserView })
  user!: UserView;
}
