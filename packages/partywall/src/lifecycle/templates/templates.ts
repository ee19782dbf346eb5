/**
 * Templates: schemas from which tenants are made. A run of migrations makes those of kinds, and migrates all of them after the tenants. A template is used only with
 * the structure and the rows with which it was examined; in doubt a tenant is made from its migrations.
 */
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { Template } from '../../catalog/templates/template.ts'
import { deleteTemplate } from '../../catalog/templates/templates-store.ts'
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import type { FleetTarget, StandInTargets } from '../../migrations/plan/targets.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { unusable, type Cut } from './cut.ts'
import { unknownTemplate } from './drop.ts'
import { examineTemplate, notWhatMigrationsGive } from './examine.ts'
import { unfitMigration } from './fit-for-template.ts'
import { makeEmpty, makeWhole } from './make.ts'
import { rendererOf } from './rendered-cut.ts'
import type { TemplateParts } from './template-parts.ts'
import { readTemplateStates, tenantOfTemplate, type TemplateState } from './template-state.ts'

export class Templates implements StandInTargets {
  readonly areListed = true
  readonly #parts: TemplateParts
  /** By what they were made of: the structure is read once for a process. */
  readonly #cuts = new Map<string, Promise<Cut | undefined>>()
  readonly #warned = new Set<string>()

  constructor(parts: TemplateParts) {
    this.#parts = parts
  }

  /** Before a run of migrations: makes the templates that kinds lack, and examines those that are not. Never fails: tenants do not depend on it. */
  async prepare(kinds: readonly string[] | undefined): Promise<void> {
    const { sources } = this.#parts
    const { deploy } = this.#parts.catalog
    const states: TemplateState[] = []
    for (const state of await readTemplateStates(deploy)) {
      // Its schema was dropped by hand: it is made again.
      if (state.oid === null && state.template.name === null) await deleteTemplate(deploy, state.template)
      else states.push(state)
    }
    if (this.#isOn) {
      const having = new Set(states.filter(({ template }) => template.name === null).map(({ template }) => template.kind))
      for (const [kind, source] of sources.kinds) {
        if (having.has(kind) || (kinds !== undefined && !kinds.includes(kind))) continue
        // Files that cannot be read are the matter of the run itself.
        const migrations = await source.list().catch((): readonly Migration[] => [])
        if (migrations.length === 0 || unfitMigration(migrations) !== undefined) continue
        await this.#told(kind, () => makeEmpty(this.#parts, kind))
      }
    }
    for (const state of states) await this.#examine(state)
  }

  /** After a run of migrations. */
  async examine(): Promise<void> {
    for (const state of await readTemplateStates(this.#parts.catalog.deploy)) await this.#examine(state)
  }

  /** One query where there are no templates, two otherwise. */
  async targets(kinds: readonly string[] | undefined): Promise<readonly FleetTarget[]> {
    const { catalog } = this.#parts
    const states = (await readTemplateStates(catalog)).filter(
      ({ template }) => (template.name !== null || this.#isOn) && (kinds === undefined || kinds.includes(template.kind)),
    )
    const present = states.filter(({ oid }) => oid !== null).map(({ template }) => template.schema)
    // The role of the catalog may neither look into templates nor set what the reading needs.
    const fingerprints = present.length === 0 ? new Map<string, string>() : await readFingerprints(catalog.deploy, present)
    const targets: FleetTarget[] = []
    for (const state of states) {
      const target = await this.#targetOf(state, fingerprints.get(state.template.schema))
      if (target !== undefined) targets.push(target)
    }
    return targets
  }

  /**
   * What a new tenant of a kind with this history is made of; undefined: of its migrations. One query; the first time also the structure is read.
   * @param name of a template that was saved
   * @throws TenancyError UNKNOWN_TEMPLATE, TEMPLATE_UNUSABLE for one that was named
   */
  async cutFor(kind: string, digest: string, name: string | undefined): Promise<Cut | undefined> {
    if (name === undefined && !this.#isOn) return undefined
    const [state] = await readTemplateStates(this.#parts.catalog.deploy, name === undefined ? { kind } : { name })
    if (name === undefined) return state && (await this.#usable(state, digest))
    if (state === undefined) throw unknownTemplate(name)
    if (state.template.kind !== kind)
      throw unusable(name, `it is for tenants of the kind ${JSON.stringify(state.template.kind)}.`)
    const cut = await this.#usable(state, digest)
    if (cut !== undefined) return cut
    throw unusable(
      name,
      state.digest === digest
        ? 'it was changed by hand since it was examined, or cannot be copied. Drop it, and save it again.'
        : 'it does not have the migrations of these files. Migrate the fleet first: npx partywall migrate.',
    )
  }

  /** After the first tenant of a kind: the next ones are made from the template. Never fails. */
  async makeFor(kind: string, migrations: readonly Migration[]): Promise<void> {
    if (!this.#isOn || migrations.length === 0 || unfitMigration(migrations) !== undefined) return
    const { deploy } = this.#parts.catalog
    await this.#told(kind, async () => {
      if ((await readTemplateStates(deploy, { kind })).length > 0) return
      await makeWhole(this.#parts, kind, migrations)
      for (const state of await readTemplateStates(deploy, { kind })) await this.#examine(state)
    })
  }

  warnOf({ id, schema }: Template, reason: string): void {
    const key = `${id} ${reason}`
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    process.emitWarning(`The template ${JSON.stringify(schema)} is not used: ${reason}`, {
      code: 'PARTYWALL_TEMPLATE',
      detail: 'New tenants are made from their migrations. See docs/errors.md#PARTYWALL_TEMPLATE',
    })
  }

  get #isOn(): boolean {
    return this.#parts.options.migrations.template
  }

  async #usable({ template, oid, digest, examined }: TemplateState, wanted: string): Promise<Cut | undefined> {
    if (oid === null || examined === undefined || digest !== wanted || template.unfit !== undefined) return undefined
    const key = JSON.stringify([template.id, oid, digest, examined])
    const known = this.#cuts.get(key)
    if (known !== undefined) return known
    const reading = this.#read({ ...template, examined })
    this.#cuts.set(key, reading)
    reading.then(
      (cut) => cut === undefined && this.#cuts.delete(key),
      () => this.#cuts.delete(key),
    )
    return reading
  }

  async #read(template: Template & { readonly examined: NonNullable<Template['examined']> }): Promise<Cut | undefined> {
    const { deploy } = this.#parts.catalog
    const { schema, examined } = template
    const blueprint = await readBlueprint(deploy, schema)
    if ((await readFingerprints(deploy, [schema])).get(schema) !== examined.fingerprint) {
      this.warnOf(template, changedByHand)
      return undefined
    }
    try {
      const rendered = await rendererOf(blueprint, schema)
      return { template, examined, blueprint, rendered, proven: new Set() }
    } catch (error) {
      const refusal = tenancyErrorOf(error, 'UNSUPPORTED_OBJECT')
      if (refusal === undefined) throw error
      this.warnOf(template, refusal.summary)
      return undefined
    }
  }

  async #targetOf(
    { template, oid, hasHistory, examined }: TemplateState,
    fingerprint?: string,
  ): Promise<FleetTarget | undefined> {
    const { kind, name, schema, unfit } = template
    const label = kind === 'default' ? 'template' : `template:${kind}`
    const base = {
      target: name === null ? label : `${label}:${name}`,
      schema,
      tenant: tenantOfTemplate(template),
      standIn: 'template',
    } as const
    try {
      const source = sourceOfKind(this.#parts.sources, kind)
      // Code would run for a tenant that does not exist.
      if (name === null && unfitMigration(await source.list()) !== undefined) return undefined
      if (oid === null) return { ...base, source, problem: notAsExamined(template, schemaGone) }
      if (!hasHistory) return { ...base, source }
      if (examined === undefined) return { ...base, source, problem: notAsExamined(template, notExamined) }
      if (examined.fingerprint !== fingerprint) return { ...base, source, problem: notAsExamined(template, changedByHand) }
      // What its migrations write differs from tenant to tenant, and is no reason to leave it behind.
      return unfit?.startsWith(notWhatMigrationsGive)
        ? { ...base, source, problem: notAsExamined(template, unfit) }
        : { ...base, source }
    } catch (problem) {
      return { ...base, problem }
    }
  }

  async #examine(state: TemplateState): Promise<void> {
    if (state.examined !== undefined || state.oid === null || state.digest === null) return
    if (state.template.name === null && !this.#isOn) return
    await this.#told(state.template.kind, () => examineTemplate(this.#parts, state))
  }

  async #told(kind: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      process.emitWarning(
        `The template of the kind ${JSON.stringify(kind)} could not be made or examined: ${tenancyErrorOf(error)?.summary ?? String(error)}`,
        {
          code: 'PARTYWALL_TEMPLATE',
          detail: 'New tenants are made from their migrations. See docs/errors.md#PARTYWALL_TEMPLATE',
        },
      )
    }
  }
}

const schemaGone = 'its schema is not in the database.'
const changedByHand = 'its structure was changed by hand since it was examined.'
const notExamined = 'it was not examined with its present history: a process was killed, or the files cannot produce its history.'

function notAsExamined({ kind, name, schema }: Template, reason: string): TenancyError {
  const drop = name === null ? `--kind ${kind}` : name
  const then = name === null ? 'The next migrate makes a new one.' : 'Then save it again.'
  return new TenancyError(
    'TEMPLATE_UNUSABLE',
    `The template ${JSON.stringify(schema)} was not migrated: ${reason} Drop it: npx partywall template drop ${drop}. ${then}`,
    { details: { template: schema, reason } },
  )
}
