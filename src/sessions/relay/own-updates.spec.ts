import { OwnUpdates } from './own-updates.js';

const update = (session: unknown, event_id?: string) => ({
  type: 'session.update',
  ...(event_id !== undefined && { event_id }),
  session,
});
const UPDATED = { type: 'session.updated' };
const refusal = (event_id: unknown) => ({ type: 'error', error: { event_id } });

describe('the caps that a provider is told', () => {
  let updates: OwnUpdates;

  beforeEach(() => {
    updates = new OwnUpdates();
  });

  it('are told again where the client’s update is refused, without its wish', () => {
    updates.capping(1000);
    expect(updates.isAnswer(UPDATED)).toBe(true);
    updates.clients(update({ max_output_tokens: 10, voice: 'none' }, 'mine'), 1000);
    expect(updates.capOf(1000)).toBe(10);
    expect(updates.isAnswer(refusal('mine'))).toBe(false);
    // The very cap that the refused update would have set.
    expect(updates.capping(10)).toMatchObject({ session: { max_output_tokens: 10 } });
  });

  it('keep the client’s last wish that was taken', () => {
    updates.clients(update({ max_output_tokens: 50 }, 'one'), 1000);
    updates.clients(update({ max_output_tokens: 10 }, 'two'), 1000);
    updates.isAnswer(UPDATED);
    updates.isAnswer(refusal('two'));
    expect(updates.capOf(1000)).toBe(50);
  });

  it('are not mixed up by a refusal: each answer is whose the update was', () => {
    const { event_id } = updates.clients(update({ voice: 'none' }), 1000);
    updates.capping(1000);
    updates.clients(update({ instructions: 'Sing.' }), 1000);
    expect(updates.isAnswer(refusal(event_id))).toBe(false);
    expect([updates.isAnswer(UPDATED), updates.isAnswer(UPDATED)]).toEqual([true, false]);
  });

  it.each([-5, 0, 0.5, '99999', {}, true, 'inf'])(
    'are what is granted where the client wishes for %j',
    (wish) => {
      expect(updates.capOf(700, wish)).toBe(700);
      const told = updates.clients(update({ max_output_tokens: wish }), 700);
      expect(told.session).toEqual({ max_output_tokens: 700 });
      expect(updates.capping(600)).toMatchObject({ session: { max_output_tokens: 600 } });
    },
  );
});
