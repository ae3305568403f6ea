import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { type WireBody } from '../../pricing/index.js';
import { type ResponseEvent } from '../../providers/index.js';
import { currentCallContext, type MadeResource, ResourceMakers } from '../../rate-limiting/index.js';
import { type ChatCall } from '../chat/chat-call.js';
import { ChatRunner } from '../chat/chat.runner.js';
import { type OneOrMore } from '../targets.js';

import { RESPONSES_FORM } from './responses-form.js';

/** A response's body as far as it is read here. */
interface ResponseBody extends WireBody {
  readonly model?: string | null;
  readonly previous_response_id?: string | null;
}

/** Makes calls of bodies of `POST /v1/responses`. */
@Injectable()
export class ResponseRequests {
  constructor(
    private readonly runner: ChatRunner,
    private readonly makers: ResourceMakers,
  ) {}

  /**
   * Where the body goes on with an earlier response, only the provider that keeps that is asked, with the key that it was made
   * with while the workspace has it: another one may be of another account.
   * @throws CodedError `not_found` where no provider serves the model, or what it goes on with is another's.
   */
  async prepare(body: ResponseBody): Promise<ChatCall<ResponseEvent>> {
    const wanted = { model: body.model };
    const call = await this.runner.prepareIn(RESPONSES_FORM, { body, operation: 'llm_call', wanted });
    const { previous_response_id: previous } = body;
    const keeper = previous ? await this.keeperOf(previous) : undefined;
    const there = call.targets.filter(({ provider }) => provider.name === keeper?.provider);
    const withItsKey = there.filter(({ ownKey }) => ownKey && ownKey.id === keeper?.providerKeyId);
    const [first, ...others] = withItsKey.length > 0 ? withItsKey : there;
    if (!first) return call;
    const targets: OneOrMore<typeof first> = [first, ...others];
    return { ...call, targets };
  }

  /** `undefined` for what was not made here: the provider knows whether it is. */
  private async keeperOf(responseId: string): Promise<MadeResource | undefined> {
    const made = await this.makers.find(responseId, currentCallContext()?.caller ?? {});
    if (made && !made.own) {
      throw new CodedError(
        'not_found',
        `Previous response with id ${JSON.stringify(responseId)} not found.`,
        {
          param: 'previous_response_id',
        },
      );
    }
    return made;
  }
}
