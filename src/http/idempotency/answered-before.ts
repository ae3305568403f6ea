import { type KeptAnswer } from './keyed-request.js';

/** A request that is not to run, since its answer is there. No failure: what a guard can end a request with. */
export class AnsweredBefore extends Error {
  constructor(readonly answer: KeptAnswer) {
    super('This request was answered before.');
    this.name = 'AnsweredBefore';
  }
}
