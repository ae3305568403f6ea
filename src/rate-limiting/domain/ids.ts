/** Ids are branded, so that a user's id is never passed where a key's is meant. */
export type UserId = string & { readonly brand: 'UserId' };
export type ApiKeyId = string & { readonly brand: 'ApiKeyId' };
export type ReservationId = string & { readonly brand: 'ReservationId' };

export const userId = (id: string): UserId => id as UserId;
export const apiKeyId = (id: string): ApiKeyId => id as ApiKeyId;
export const reservationId = (id: string): ReservationId => id as ReservationId;
