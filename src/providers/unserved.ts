import { KNOWN_PROVIDERS } from '../config/index.js';
import { type Operation } from '../rate-limiting/index.js';
import { knownModels } from './model-catalogue.js';
import { type ModelProvider } from './provider.port.js';

/** Nobody serves what was asked for; `message` says so to the caller. */
export type Unserved =
  | { readonly kind: 'unknown_model'; readonly message: string; readonly known: readonly string[] }
  | { readonly kind: 'unknown_provider'; readonly message: string };

/** What nobody serves: a model, if one was named, for an operation. */
interface Missed {
  readonly operation: Operation;
  readonly model?: string | undefined;
}

const NAMED_IN_MESSAGE = 20;

/** A call named a provider that is not there: which are, and which key it lacks. */
export function noProvider(providers: readonly ModelProvider[], name: string): Unserved {
  return { kind: 'unknown_provider', message: keyless(providers, name) ?? absent(providers, name) };
}

/** @param at who was asked, where the call named one: a workspace may have several keys of its own there. */
export function noModel(
  providers: readonly ModelProvider[],
  missed: Missed,
  at?: readonly ModelProvider[],
): Unserved {
  const known = namesFor(at ?? providers, missed.operation);
  return { kind: 'unknown_model', message: messageFor(providers, missed, at), known };
}

function messageFor(
  providers: readonly ModelProvider[],
  { operation, model = '' }: Missed,
  at?: readonly ModelProvider[],
): string {
  if (at) return missingAt(at, { operation, model }, providers);
  const [prefix, rest] = splitAt(model);
  const named = providers.filter(({ name }) => name === prefix);
  if (named.length > 0) return missingAt(named, { operation, model: rest }, providers);
  const lacking = keyless(providers, prefix) ?? keylessOwner(providers, model);
  if (lacking !== undefined) return lacking;
  const known = namesFor(providers, operation);
  if (known.length === 0) return `No configured provider serves ${taskOf(operation)}.`;
  const stranger = prefix === '' ? '' : ` ${absent(providers, prefix)}`;
  return `${modelFault(providers, { operation, model })}. ${there(known)}${stranger}`;
}

function missingAt(
  asked: readonly ModelProvider[],
  missed: Missed,
  providers: readonly ModelProvider[],
): string {
  const [at = ''] = namesOf(asked);
  const known = namesFor(asked, missed.operation);
  if (known.length > 0) return `${modelFault(asked, missed)} at ${at}. ${there(known)}`;
  const able = providers.filter((one) => namesFor([one], missed.operation).length > 0);
  const others = able.length > 0 ? ` Who does: ${namesOf(able).join(', ')}.` : '';
  return `The provider ${at} does not serve ${taskOf(missed.operation)}.${others}`;
}

function modelFault(asked: readonly ModelProvider[], { operation, model = '' }: Missed): string {
  const exists = asked.some((one) => one.models().some(({ name, alias }) => [name, alias].includes(model)));
  return exists
    ? `The model ${quoted(model)} does not serve ${taskOf(operation)}`
    : `There is no model ${quoted(model)} for ${taskOf(operation)}`;
}

function absent(providers: readonly ModelProvider[], name: string): string {
  return `There is no provider ${quoted(name)}. ${there(namesOf(providers))}`;
}

/** Of a provider that we could speak to, but have no key for. */
function keyless(providers: readonly ModelProvider[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const known = KNOWN_PROVIDERS.find((one) => one === wanted);
  if (known === undefined || providers.some((one) => one.name === known)) return undefined;
  return `The provider ${known} has no key: set ${known.toUpperCase()}_API_KEY. ${there(namesOf(providers))}`;
}

/** Of a model that such a provider is known to have. */
function keylessOwner(providers: readonly ModelProvider[], model: string): string | undefined {
  const owner = KNOWN_PROVIDERS.find((one) => knownModels(one).some(({ name }) => name === model));
  return owner && keyless(providers, owner);
}

/** What can be called for an operation: aliases before what they stand for. */
function namesFor(providers: readonly ModelProvider[], operation: Operation): readonly string[] {
  const able = providers
    .flatMap((provider) => provider.models())
    .filter(({ operations }) => operations.includes(operation));
  return [...new Set(able.flatMap(({ name, alias }) => (alias === undefined ? [name] : [alias, name])))];
}

function namesOf(providers: readonly ModelProvider[]): readonly string[] {
  return [...new Set(providers.map(({ name }) => name))];
}

function there(names: readonly string[]): string {
  const others = names.length - NAMED_IN_MESSAGE;
  const more = others > 0 ? ` and ${others} more` : '';
  return `There are: ${names.slice(0, NAMED_IN_MESSAGE).join(', ')}${more}.`;
}

function splitAt(model: string): [prefix: string, rest: string] {
  const slash = model.indexOf('/');
  return [model.slice(0, Math.max(slash, 0)).toLowerCase(), model.slice(slash + 1)];
}

function taskOf(operation: Operation): string {
  return operation.replace('_', ' ');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
