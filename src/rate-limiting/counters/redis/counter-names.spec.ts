import fc from 'fast-check';

import { type SubjectKind } from '../../domain/caller.js';

import { nameOf, parseName } from './counter-names.js';

const kinds: SubjectKind[] = ['user', 'apiKey', 'workspace', 'workflow', 'session', 'system'];
const counter = fc.record({
  subject: fc.record({
    kind: fc.constantFrom(...kinds),
    id: fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme' }), fc.constantFrom('a:b', 'a|b {c}\n')),
  }),
  window: fc.oneof(fc.constantFrom('2026-11-01', 'r30:2026-11-22'), fc.string()),
});

describe("counters' names", () => {
  it('say whose they are and which window, whatever the ids are made of, in plain ASCII', () => {
    fc.assert(
      fc.property(counter, (one) => {
        const name = nameOf(one);
        expect(parseName(name)).toEqual(one);
        expect(name).toMatch(/^[!-~]+$/);
      }),
    );
  });

  it('are not shared by a UUID and an id that looks as it does when packed', () => {
    const subject = { kind: 'user', id: '0197f3a2-5c3e-7a11-9d6f-3f2b8c1d4e5f' } as const;
    const packed = nameOf({ subject, window: 'w' });
    expect(packed.length).toBeLessThan(subject.id.length);
    const imitation = {
      subject: { kind: 'user', id: packed.slice(1).split(':')[0] ?? '' },
      window: 'w',
    } as const;
    expect(nameOf(imitation)).not.toBe(packed);
    expect(parseName(nameOf(imitation))).toEqual(imitation);
  });
});
