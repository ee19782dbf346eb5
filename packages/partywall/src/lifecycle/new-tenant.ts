/** What a caller gives for a new tenant, checked before the database is used. */
import { validateAttributes } from '../catalog/tenants/attributes.ts'
import { assertExpiry } from '../catalog/tenants/expiry.ts'
import { assertExternalId } from '../catalog/tenants/external-id.ts'
import { assertTenantName } from '../catalog/tenants/tenant-name.ts'
import { reservedSchemas, type Options } from '../config/options.ts'
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { review } from '../migrations/plan/reviews.ts'
import { sourceOfKind, type MigrationSources } from '../migrations/sources/sources.ts'
import { parseDomain } from '../names/domain-name.ts'
import { assertSchemaName } from '../names/identifier.ts'
import type { Migration } from '../ports/migration-source.ts'
import type { Attributes, TenantRef } from '../types.ts'
import type { StepBody } from './steps/step.ts'
import type { Steps } from './steps/steps.ts'
import { assertTemplateName } from './templates/template-name.ts'

export interface NewTenant<I extends object = Attributes> {
  /** The name of the schema to create. */
  readonly schema: string
  /** Its key in another system, by which `{ externalId }` finds it. Unique; 1 to 255 characters. @default none */
  readonly externalId?: string | undefined
  /** The name for people. @default the schema */
  readonly name?: string | undefined
  /** Host names that lead to the tenant; the first one is primary. @default [] */
  readonly domains?: readonly string[] | undefined
  /** Which set of tenant migrations it gets: a key of the option `migrations.tenant`. @default 'default' */
  readonly kind?: string | undefined
  /** The input of the schema given as `tenant.attributes`; its defaults fill in the rest. @default {} */
  readonly attributes?: I | undefined
  /** When `tenancy.tenants.purge` may archive or delete the tenant: for demos. @default never */
  readonly expiresAt?: Date | undefined
  /** A template that was saved by `tenancy.templates.save`: the tenant gets its rows, too. @default the template of the kind, or its migrations */
  readonly template?: string | undefined
  /**
   * Its structure and history are those of this tenant, with its kind, in place of the migrations: without rows, which `tenancy.tenants.clone` copies.
   * @default none
   */
  readonly cloneFrom?: TenantRef | undefined
}

export interface NewTenantParts {
  readonly sources: MigrationSources
  readonly steps: Pick<Steps<any>, 'planned'>
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath' | 'attributes'>
}

/** The row of a new tenant, checked. */
export interface NewRow {
  readonly schema: string
  readonly externalId?: string | undefined
  readonly name: string
  readonly kind: string
  readonly domains: readonly string[]
  readonly attributes: object
  readonly expiresAt: Date | undefined
  /** The schema of the tenant that it is a copy of. */
  readonly clonedFrom?: string
}

export interface Wanted extends NewRow {
  readonly template: string | undefined
  readonly source: string
  /** As the files have them. */
  readonly migrations: readonly Migration[]
  readonly steps: readonly StepBody[]
}

/** Refuses all that can be refused without the database, before it is used. */
export async function checkedNewTenant({ sources, options, steps }: NewTenantParts, input: NewTenant<any>): Promise<Wanted> {
  const known = ['schema', 'externalId', 'name', 'domains', 'kind', 'attributes', 'expiresAt', 'template', 'cloneFrom']
  assertKnownKeys('tenants.create', input, known)
  const { schema, externalId, name = schema, domains = [], kind = 'default', attributes = {}, expiresAt, template } = input
  assertSchemaName(schema, reservedSchemas(options))
  assertTenantName(name)
  assertExpiry('tenants.create', expiresAt)
  assertExternalId('tenants.create', externalId)
  if (template !== undefined) assertTemplateName(template)
  const source = sourceOfKind(sources, kind)
  if (!Array.isArray(domains)) {
    throw new TenancyError('INVALID_ARGUMENT', '"domains" of tenants.create must be a list of host names.', {
      details: { option: 'domains' },
    })
  }
  return {
    schema,
    externalId: externalId ?? undefined,
    name,
    kind,
    domains: [...new Set(domains.map(parseDomain))],
    attributes: await validateAttributes(options.attributes, attributes),
    expiresAt: expiresAt ?? undefined,
    template,
    source: source.name,
    migrations: await source.list(),
    steps: await steps.planned(),
  }
}

/** The same with the migrations as they run in the schema of a tenant. @throws TenancyError INVALID_MIGRATION */
export async function withFitMigrations(parts: Omit<NewTenantParts, 'steps'>, wanted: Wanted): Promise<Wanted> {
  const { kind, migrations } = wanted
  if (migrations.length === 0) return wanted
  const reviewed = await review(parts, sourceOfKind(parts.sources, kind), migrations, false)
  return { ...wanted, migrations: migrations.map((migration) => reviewed.fit(migration, 'up')) }
}
