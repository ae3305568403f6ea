import { randomBytes } from 'node:crypto';

import { unnamedKey } from '../../config/index.js';

import { KeyRing } from './key-ring.js';

const [one, two] = [unnamedKey(randomBytes(32)), unnamedKey(randomBytes(32))];

describe('the key ring', () => {
  it('opens what it sealed, which tells nothing of it', () => {
    const ring = new KeyRing([one]);
    const sealed = ring.seal('sk-secret', 'row 1');
    expect(sealed.sealed.toString('latin1')).not.toContain('secret');
    expect(sealed.encryptionKeyId).toBe(one.id);
    expect(ring.open(sealed, 'row 1')).toBe('sk-secret');
    expect(ring.seal('sk-secret', 'row 1').sealed.equals(sealed.sealed)).toBe(false);
  });

  it('does not open what was moved to another row, or changed', () => {
    const ring = new KeyRing([one]);
    const sealed = ring.seal('sk-secret', 'row 1');
    expect(() => ring.open(sealed, 'row 2')).toThrow(/not what was encrypted/);
    for (const at of [0, 12, 28]) {
      const changed = Buffer.from(sealed.sealed);
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
      expect(() => ring.open({ ...sealed, sealed: changed }, 'row 1')).toThrow(/not what was encrypted/);
    }
  });

  it('the first key seals, all open; without its key nothing does', () => {
    const sealed = new KeyRing([one]).seal('sk-secret', 'row 1');
    const both = new KeyRing([two, one]);
    expect(both.open(sealed, 'row 1')).toBe('sk-secret');
    expect(both.seal('x', 'row 1').encryptionKeyId).toBe(two.id);
    expect(() => new KeyRing([two]).open(sealed, 'row 1')).toThrow(`ENCRYPTION_KEY has no key ${one.id}`);
  });

  it('without a key it refuses, and says what to set', () => {
    expect(() => new KeyRing([]).seal('x', 'row 1')).toThrow(/ENCRYPTION_KEY is not set/);
  });
});
