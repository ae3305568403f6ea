import { PasswordHasher } from './password.hasher.js';

describe('passwords', () => {
  const hasher = new PasswordHasher();

  it('match their own hash and no other, however the letters were typed', async () => {
    const stored = await hasher.hash('contrase\u00f1a');
    expect(await hasher.matches('contrase\u00f1a', stored)).toBe(true);
    expect(await hasher.matches('contrasen\u0303a', stored)).toBe(true);
    expect(await hasher.matches('contrasena', stored)).toBe(false);
  });

  it('G12: are kept salted, and not as they are', async () => {
    const [one, other] = await Promise.all([hasher.hash('hunter2hunter2'), hasher.hash('hunter2hunter2')]);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^scrypt\$16384\$8\$5\$/);
    expect(one).not.toContain('hunter2');
  });

  it('never match where none is set', async () => {
    expect(await hasher.matches('', null)).toBe(false);
    expect(await hasher.matches('', undefined)).toBe(false);
  });

  it('G12: take as long to check for somebody unknown as for somebody known', async () => {
    const stored = await hasher.hash('hunter2hunter2');
    const cpuOf = async (hash: string | undefined) => {
      const before = process.cpuUsage();
      await hasher.matches('wrong', hash);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    await cpuOf(stored);
    const known = await cpuOf(stored);
    const unknown = await cpuOf(undefined);
    expect(unknown).toBeGreaterThan(known / 3);
  });

  it('are not hashed without end: past a queue of twenty the answer is to wait', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 23 }, () => hasher.matches('x', null)));
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ code: 'rate_limit_exceeded' }) as unknown },
    ]);
  }, 60_000);
});
