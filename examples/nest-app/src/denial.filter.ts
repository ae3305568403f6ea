import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { LimitExceeded, limitView } from 'cuota';

interface Reply {
  status(status: number): Reply;
  header(name: string, value: number): Reply;
  send(body: unknown): void;
}

/** A denial is a 429 that says which limit it was, and when room returns. */
@Catch(LimitExceeded)
export class DenialFilter implements ExceptionFilter<LimitExceeded> {
  catch({ message, denial }: LimitExceeded, host: ArgumentsHost): void {
    host
      .switchToHttp()
      .getResponse<Reply>()
      .status(429)
      .header('retry-after', Math.ceil(denial.retryAfterMs / 1000))
      .send({ message, limits: denial.limits.map(limitView) });
  }
}
