/** Who answers the calls: the port, the registry of what is configured, and their errors. */
export { ProviderError, type ProviderFailure, type UpstreamError } from './provider-error.js';
export { asBrokenStream, asCodedError, type Attempt } from './routing/call-failure.js';
export { ProviderHealth } from './routing/provider-health.js';
export {
  type AcquirePermits,
  type PermitsOutcome,
  type PermitsStatus,
  ProviderPermits,
} from './routing/provider-permits.js';
export { type ProviderState } from './routing/provider-states.js';
export { type OwnKey, OwnKeys } from './routing/own-keys.port.js';
export { OwnProviders } from './routing/own-providers.js';
export { placeOf } from './routing/place.js';
export { ProviderRouter } from './routing/provider-router.js';
export { type FailoverOptions, type RoutedCall } from './routing/routed-call.js';
export { priceAt } from './routing/usual-cost.js';
export {
  AUTO,
  type Candidate,
  type Candidates,
  type ListedModel,
  ProviderRegistry,
  type Resolved,
  type WantedModel,
} from './provider-registry.js';
export {
  type ChatChunk,
  lacks,
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ProviderModel,
  type ProviderUsage,
  type RealtimeSocket,
  type ResponseEvent,
  type WireObject,
} from './provider.port.js';
export {
  type VideoCall,
  type VideoFile,
  type VideoJob,
  type VideoJobCall,
  type VideoMaker,
  type VideoPlan,
  type VideoProgress,
  type VideoRequest,
} from './video.port.js';
export { responseText } from './response-events.js';
export { ProvidersModule } from './providers.module.js';
export { type Unserved } from './unserved.js';
export { isWireObject, objectAt, objectsAt } from './wire-object.js';
export { tokenCountOf } from './wire-usage.js';
