/**
 * Examines the template of a kind: would its migrations have made the same? They are applied once more in a schema that is rolled back. Where the two differ in a
 * row, such as by the time, a random value or the name of the schema, a copy would give all tenants the value of one: no tenant is made from such a template.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Contents, Examined, Template } from '../../catalog/templates/template.ts'
import { keepExamined } from '../../catalog/templates/templates-store.ts'
import { digestsOf } from '../../migrations/history/digest.ts'
import { listed } from '../../migrations/plan/mismatches.ts'
import { review } from '../../migrations/plan/reviews.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { differencesBetween } from './compare.ts'
import { differentRows, readContents } from './contents.ts'
import { unfitMigration } from './fit-for-template.ts'
import { witnessOf } from './stand-in.ts'
import { takeRights } from './taken-rights.ts'
import type { TemplateParts } from './template-parts.ts'
import type { TemplateState } from './template-state.ts'

/**
 * Keeps what it finds. A template whose history the files cannot produce is left as it is. Costs about twice what it costs to create a tenant from its
 * migrations, and a third time that where the application has a login of its own, or tenants have roles.
 */
export async function examineTemplate(parts: TemplateParts, { template, digest, reader }: TemplateState): Promise<void> {
  const { deploy } = parts.catalog
  if (digest === null) return
  if (template.name !== null) return examineSaved(parts, template, { digest, reader })
  const migrations = await migrationsOf(parts, template, digest)
  if (migrations === undefined) return
  const { unfit, ...found } = await compareWithWitness(parts, template, migrations)
  await keepExamined(deploy, template, { digest, reader, ...found }, unfit)
}

/** It is what its tenant was, so its migrations matter only for the rights that they take. */
async function examineSaved(parts: TemplateParts, template: Template, read: Pick<Examined, 'digest' | 'reader'>): Promise<void> {
  const { access, catalog } = parts
  const migrations = access.isNeeded ? await migrationsOf(parts, template, read.digest) : undefined
  await catalog.deploy.transaction(async (transaction) => {
    const { fingerprint, contents } = await look(transaction, template.schema)
    const takesRights = migrations !== undefined && (await takeRights(transaction, access, template.kind, migrations))
    await keepExamined(transaction, template, { ...read, fingerprint, contents }, takesRights ? rightsTaken : undefined)
  })
}

/** As they run in the schema of a tenant; undefined where the files cannot produce the history, or some of them are code. */
async function migrationsOf(parts: TemplateParts, { kind }: Template, digest: string): Promise<readonly Migration[] | undefined> {
  const source = sourceOfKind(parts.sources, kind)
  const all = await source.list()
  const count = digestsOf(all).indexOf(digest)
  if (count === -1 || unfitMigration(all) !== undefined) return undefined
  const reviewed = await review(parts, source, all, false)
  return all.slice(0, count).map((migration) => reviewed.fit(migration, 'up'))
}

interface Found extends Pick<Examined, 'fingerprint' | 'contents'> {
  readonly unfit: string | undefined
}

async function compareWithWitness(parts: TemplateParts, template: Template, migrations: readonly Migration[]): Promise<Found> {
  const undone = new Error('the transaction is rolled back')
  let found: Found | undefined
  try {
    await parts.catalog.deploy.transaction(async (transaction) => {
      await transaction.query({ text: `select pg_catalog.set_config('lock_timeout', '2000', true)` })
      const own = await look(transaction, template.schema)
      const witness = await witnessOf(transaction, template.kind, migrations)
      const other = await look(transaction, witness)
      const differences = await differencesBetween(parts, { ...own, schema: template.schema }, { ...other, schema: witness })
      const unfit = whyUnfit(differences, own.contents, other.contents)
      const takesRights = unfit === undefined && (await takeRights(transaction, parts.access, template.kind, migrations))
      found = { fingerprint: own.fingerprint, contents: own.contents, unfit: takesRights ? rightsTaken : unfit }
      throw undone
    })
  } catch (error) {
    if (error !== undone) throw error
  }
  return found!
}

/** What a schema is, with its rows. */
export interface Looked {
  readonly blueprint: Blueprint
  readonly fingerprint: string
  readonly contents: Contents
}

export async function look(transaction: Transaction, schema: string): Promise<Looked> {
  const blueprint = await readBlueprint(transaction, schema)
  const fingerprint = (await readFingerprints(transaction, [schema])).get(schema)!
  return { blueprint, fingerprint, contents: await readContents(transaction, schema, blueprint) }
}

const rightsTaken =
  'Its migrations take rights from a role that new tenants give them to, which a template does not have. So new tenants are made from the migrations.'

/** How the reason of a template begins that must not be migrated either. */
export const notWhatMigrationsGive = 'The template is not what its migrations give'

function whyUnfit(differences: readonly string[], one: Contents, other: Contents): string | undefined {
  if (differences.length > 0) return `${notWhatMigrationsGive}: ${listed(differences)}.`
  const tables = differentRows(one, other)
  if (tables.length === 0) return undefined
  return (
    `Its migrations write other rows in each tenant, such as a time, a random value or the name of the schema: ${listed(tables)}. ` +
    'So new tenants are made from the migrations.'
  )
}
