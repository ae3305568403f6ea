import { type Settings } from '../../config/index.js';

import { costWeighted } from './cost-weighted.policy.js';
import { latencyWeighted } from './latency-weighted.policy.js';
import { primary } from './primary.policy.js';
import { type RoutingPolicy } from './routing-policy.js';

/** What `ROUTING_POLICY` may be. */
export const ROUTING_POLICIES = {
  primary,
  cost_weighted: costWeighted,
  latency_weighted: latencyWeighted,
} as const satisfies Record<Settings['routing']['policy'], RoutingPolicy>;
