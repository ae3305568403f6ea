import { CallDeadline } from './call-deadline.js';

describe('CallDeadline', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('ends the call when its time is over', () => {
    const deadline = new CallDeadline(new AbortController().signal, 100);
    deadline.start();
    jest.advanceTimersByTime(99);
    expect(deadline.ended).toBeUndefined();
    deadline.start();
    jest.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(deadline.ended).toBe('timeout');
    expect(deadline.signal.aborted).toBe(true);
  });

  it('does not count the time in which its reader is slow', () => {
    const deadline = new CallDeadline(new AbortController().signal, 100);
    deadline.start();
    deadline.pause();
    jest.advanceTimersByTime(1000);
    expect(deadline.ended).toBeUndefined();
  });

  it('ends with its caller, and remembers what came first', () => {
    const caller = new AbortController();
    const deadline = new CallDeadline(caller.signal, 100);
    deadline.start();
    caller.abort();
    jest.advanceTimersByTime(1000);
    expect(deadline.ended).toBe('aborted');
    expect(deadline.signal.aborted).toBe(true);
    expect(new CallDeadline(caller.signal, 100).ended).toBe('aborted');
  });

  it('closes without blaming anybody, and lets go of its caller', () => {
    const caller = new AbortController();
    const deadline = new CallDeadline(caller.signal, 100);
    deadline.start();
    deadline.close();
    caller.abort();
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.ended).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });
});
