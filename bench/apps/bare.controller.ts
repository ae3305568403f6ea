import { Controller, Get } from '@nestjs/common';

/** The endpoint that does nothing, in each of the applications. */
@Controller('work')
export class BareController {
  @Get()
  work() {
    return Promise.resolve({ done: true });
  }
}
