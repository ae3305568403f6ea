import { mayFollow, MESSAGE_STAGES, MESSAGE_STATUSES, stagesOf } from './message-stage.js';

describe('the stages of a message', () => {
  it('nothing follows what has ended', () => {
    const after = (stage: 'completed' | 'failed') => MESSAGE_STAGES.filter((next) => mayFollow(stage, next));
    expect([after('completed'), after('failed')]).toEqual([[], []]);
  });

  it('an answer that is kept is charged, and was what was asked for or a try; nobody takes it for unasked', () => {
    expect(MESSAGE_STAGES.filter((next) => mayFollow('settling', next))).toEqual([
      'queued',
      'completed',
      'failed',
    ]);
    expect(MESSAGE_STAGES.filter((stage) => mayFollow(stage, 'settling'))).toEqual(['processing']);
  });

  it('each has one status', () => {
    expect(MESSAGE_STATUSES.flatMap(stagesOf).sort()).toEqual([...MESSAGE_STAGES].sort());
    expect(stagesOf('processing')).toEqual(['processing', 'settling']);
  });
});
