/** The option `settings`: what a tenant may be configured with, what holds where it is not, and which of it is secret. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TenancyError } from '../errors.ts'
import { invalid, knownKeys, list } from './checks.ts'

/** Settings without a schema that types them. */
export type Settings = Record<string, unknown>

/** Some of the settings, at any depth. A list is one value. */
export type SomeSettings<T> = T extends readonly unknown[]
  ? Readonly<T>
  : T extends object
    ? { readonly [K in keyof T]?: SomeSettings<T[K]> }
    : T

/** The name of a setting, or of a group of them: `smtp.host`, `smtp`. */
export type SettingKey<T, Depth extends readonly unknown[] = []> = Depth['length'] extends 6
  ? string
  : T extends readonly unknown[]
    ? never
    : T extends object
      ? {
          [K in keyof T & string]-?: K | `${K}.${SettingKey<NonNullable<T[K]>, readonly [...Depth, unknown]>}`
        }[keyof T & string]
      : never

export interface SettingsConfig<S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Settings>> {
  /** A Standard Schema (zod, valibot, arktype, …) that validates the settings of a tenant as a whole, types them and fills in defaults. */
  schema: S
  /** What holds for every tenant that has no value of its own. A value of the kind or of the tenant goes before it, key by key; lists are replaced. @default {} */
  defaults?: SomeSettings<StandardSchemaV1.InferInput<S>>
  /** What holds for the tenants of a kind, by its name. @default {} */
  kinds?: Readonly<Record<string, SomeSettings<StandardSchemaV1.InferInput<S>>>>
  /**
   * Keys whose values are stored encrypted, and never shown; a group stands for all in it, and `*` for any name. Needs `key`. @default []
   * @example ['smtp.password', 'webhooks.*.secret']
   */
  secrets?: readonly SettingKey<StandardSchemaV1.InferInput<S>>[]
  /**
   * The secret under which `secrets` are encrypted: 32 random characters or more. Of a list, the first encrypts, and the others decrypt while they are
   * being replaced.
   */
  key?: string | readonly string[] | undefined
}

/** The public part, complete and checked. */
export interface SettingsOption {
  readonly schema: StandardSchemaV1<any, object> | undefined
  readonly secrets: readonly string[]
}

/** What may hold secrets. */
export interface GivenSettings {
  readonly settingsDefaults: object
  readonly settingsKinds: Readonly<Record<string, object>>
  /** The first encrypts. */
  readonly settingsKeys: readonly string[]
}

const leastCharacters = 32

/**
 * @param kinds those that the configuration has
 * @throws TenancyError INVALID_OPTION, which quotes nothing that may be a secret
 */
export function settingsOption(
  given: SettingsConfig<any> | undefined,
  kinds: readonly string[],
): GivenSettings & { readonly settings: SettingsOption } {
  if (given === undefined)
    return {
      settings: Object.freeze({ schema: undefined, secrets: [] }),
      settingsDefaults: {},
      settingsKinds: {},
      settingsKeys: [],
    }
  knownKeys('settings.', given, ['schema', 'defaults', 'kinds', 'secrets', 'key'])
  const { schema, defaults = {}, kinds: byKind = {}, key } = given
  const isStandard = (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
  if (!isStandard) throw invalid('settings.schema', schema, 'a Standard Schema, e.g. one of zod, valibot or arktype')
  const secrets = list('settings.secrets', given.secrets ?? []).map((name) => {
    if (typeof name === 'string' && /^[^.]+(?:\.[^.]+)*$/.test(name) && !name.startsWith('*')) return name
    throw invalid('settings.secrets', name, "a list of keys such as 'smtp.password'")
  })
  for (const [option, part] of [['defaults', defaults] as const, ['kinds', byKind] as const])
    if (typeof part !== 'object' || part === null || Array.isArray(part)) throw invalid(`settings.${option}`, part, 'an object')
  for (const [kind, part] of Object.entries(byKind)) {
    if (!kinds.includes(kind)) throw invalid(`settings.kinds.${kind}`, part, 'under a kind of tenants that migrations.tenant has')
    if (typeof part !== 'object' || part === null || Array.isArray(part))
      throw invalid(`settings.kinds.${kind}`, part, 'an object')
  }
  const keys = keysOf(key)
  if (secrets.length > 0 && keys.length === 0) throw keyMissing()
  return {
    settings: Object.freeze({ schema: schema as StandardSchemaV1<any, object>, secrets: Object.freeze(secrets) }),
    settingsDefaults: defaults,
    settingsKinds: byKind as Readonly<Record<string, object>>,
    settingsKeys: keys,
  }
}

function keysOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  const all: unknown[] = Array.isArray(value) ? value : [value]
  if (all.length > 0 && all.every((key) => typeof key === 'string' && key.length >= leastCharacters))
    return Object.freeze([...new Set(all as string[])])
  throw new TenancyError(
    'INVALID_OPTION',
    `The option "settings.key" must be text of ${leastCharacters} random characters or more, or a list of such texts with the newest first.`,
    { details: { option: 'settings.key' } },
  )
}

function keyMissing(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'The option "settings.secrets" needs "settings.key", under which these settings are encrypted. Read it from a variable of the environment; ' +
      'openssl rand -base64 32 prints one.',
    { details: { option: 'settings.key' } },
  )
}
