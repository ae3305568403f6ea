import { apiKeyId, type ApiKeyId, userId, type UserId } from '../rate-limiting/index.js';

import { type EndpointRates } from './plans/plan.entity.js';
import { type Role, type UserRow } from './users/user.entity.js';

/** What of a plan holds at the door: the rates of endpoints. */
export interface PrincipalPlan {
  readonly id: string;
  readonly name: string;
  readonly requestsPerMinute: number | null;
  readonly burst: number | null;
  readonly endpointRates: EndpointRates;
}

/** Who is calling. */
export interface Principal {
  readonly userId: UserId;
  /** The API key that was used; none with an access token. */
  readonly apiKeyId?: ApiKeyId;
  readonly role: Role;
  readonly email: string;
  readonly name: string | null;
  readonly plan: PrincipalPlan;
}

/** The principal of a user who was loaded with the plan. */
export function principalOf(user: UserRow, keyId?: string): Principal {
  const { plan } = user;
  if (!plan) throw new Error(`User ${user.id} was loaded without the plan.`);
  const { id, name, requestsPerMinute, burst, endpointRates } = plan;
  return {
    userId: userId(user.id),
    ...(keyId === undefined ? {} : { apiKeyId: apiKeyId(keyId) }),
    role: user.role,
    email: user.email,
    name: user.name,
    plan: { id, name, requestsPerMinute, burst, endpointRates },
  };
}
