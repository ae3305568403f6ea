import { refusalOf } from '../../test/media/refusal.js';
import { FrozenClock } from '../rate-limiting/domain/clock.js';

import { AssetLinks, type LinkSeal } from './asset-links.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY_SEC = 24 * 3600;
const ID = '019aa6b8-0000-7000-8000-000000000001';
const OTHER_ID = '019aa6b8-0000-7000-8000-000000000002';

function newLinks(secret = 'a secret of the tests') {
  const clock = new FrozenClock(NOW);
  return { clock, links: new AssetLinks(secret, clock) };
}

function sealOf(link: string): LinkSeal {
  const { searchParams } = new URL(link, 'http://localhost');
  return { expires: Number(searchParams.get('expires')), signature: searchParams.get('signature') ?? '' };
}

describe('AssetLinks', () => {
  it('gives an absolute path with its end and its signature', () => {
    const { links } = newLinks();
    const link = links.linkTo(ID);
    expect(link).toMatch(
      new RegExp(`^/assets/${ID}\\?expires=${NOW / 1000 + DAY_SEC}&signature=[\\w-]{43}$`),
    );
  });

  it('holds for 24 hours, and not a second longer', () => {
    const { links, clock } = newLinks();
    const seal = sealOf(links.linkTo(ID));
    clock.advance((DAY_SEC - 1) * 1000);
    expect(() => {
      links.check(ID, seal);
    }).not.toThrow();
    clock.advance(1000);
    expect(() => {
      links.check(ID, seal);
    }).toThrow('The link expired at 2026-11-22T12:00:00.000Z.');
  });

  it.each([
    ['another asset', OTHER_ID, (seal: LinkSeal) => seal],
    ['a later end', ID, (seal: LinkSeal) => ({ ...seal, expires: seal.expires + 1 })],
    ['an empty signature', ID, (seal: LinkSeal) => ({ ...seal, signature: '' })],
    ['a shorter signature', ID, (seal: LinkSeal) => ({ ...seal, signature: seal.signature.slice(0, 20) })],
    ['rubbish', ID, (seal: LinkSeal) => ({ ...seal, signature: 'é'.repeat(43) })],
  ])('G12: refuses a link changed to %s', (_what, id, change) => {
    const { links } = newLinks();
    const seal = change(sealOf(links.linkTo(ID)));
    expect(
      refusalOf(() => {
        links.check(id, seal);
      }),
    ).toBe('forbidden');
  });

  it('G12: refuses what was signed with another secret', () => {
    const seal = sealOf(newLinks('another secret').links.linkTo(ID));
    expect(
      refusalOf(() => {
        newLinks().links.check(ID, seal);
      }),
    ).toBe('forbidden');
  });
});
