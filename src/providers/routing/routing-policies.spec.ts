import { costWeighted } from './cost-weighted.policy.js';
import { latencyWeighted } from './latency-weighted.policy.js';
import { primary } from './primary.policy.js';

const route = (name: string, costNanoUsd?: number, latencyMs?: number) => ({ name, costNanoUsd, latencyMs });
const namesOf = (routes: readonly { name: string }[]) => routes.map(({ name }) => name).join('');

const ROUTES = [route('a', 30, 200), route('b', 10, 300), route('c', 20, 100)];

describe('the order in which providers are tried', () => {
  it('primary: as configured', () => {
    expect(namesOf(primary(ROUTES))).toBe('abc');
  });

  it('cost_weighted: the cheapest first, what has no price last, equals as configured', () => {
    expect(namesOf(costWeighted(ROUTES))).toBe('bca');
    expect(namesOf(costWeighted([route('a'), route('b', 5), route('c'), route('d', 5), route('e', 0)]))).toBe(
      'ebdac',
    );
  });

  it('latency_weighted: the fastest first, before it who was not measured lately, equals as configured', () => {
    expect(namesOf(latencyWeighted(ROUTES))).toBe('cab');
    expect(
      namesOf(latencyWeighted([route('a', 1, 7), route('b', 1), route('c', 1, 7), route('d', 1, 2)])),
    ).toBe('bdac');
  });

  it('leaves what it was given as it was', () => {
    costWeighted(ROUTES);
    latencyWeighted(ROUTES);
    expect(namesOf(ROUTES)).toBe('abc');
  });
});
