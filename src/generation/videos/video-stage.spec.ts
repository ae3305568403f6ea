import { CANCELLABLE, mayFollow, NEXT_STAGES, STATUS_OF, VIDEO_STAGES, WORKING } from './video-stage.js';

describe('the stages of a video job', () => {
  it('are all in the table, and each has a status', () => {
    expect([...VIDEO_STAGES].sort()).toEqual(Object.keys(NEXT_STAGES).sort());
    expect(Object.keys(STATUS_OF).sort()).toEqual(Object.keys(NEXT_STAGES).sort());
  });

  it('G11: what is being delivered can be called off no more, and what is kept can fail no more', () => {
    expect(CANCELLABLE).toEqual(['queued', 'creating', 'processing']);
    expect(mayFollow('delivering', 'failed')).toBe(true);
    expect(mayFollow('settling', 'failed')).toBe(false);
  });

  it('end: nothing follows what is over', () => {
    expect(WORKING).toEqual(['queued', 'creating', 'processing', 'delivering', 'settling']);
    for (const over of ['completed', 'failed', 'cancelled'] as const) {
      expect(VIDEO_STAGES.filter((stage) => mayFollow(over, stage))).toEqual([]);
    }
  });

  it('never goes back to a provider once it is made there', () => {
    expect(mayFollow('processing', 'queued')).toBe(false);
    expect(mayFollow('processing', 'creating')).toBe(false);
  });
});
