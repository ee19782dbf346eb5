/** The trial of one kind of tenants: the review of its migrations, the plain database, the tenants, and what follows from these. */
import { join } from 'node:path'
import { tenancyErrorOf } from '../../errors.ts'
import type { Migration, MigrationSource, SourceReview } from '../../ports/migration-source.ts'
import type { MigrationSources } from '../sources/sources.ts'
import { createdExtensions } from '../plan/missing-extensions.ts'
import { review } from '../plan/reviews.ts'
import { loadGrammar } from '../statements/grammar.ts'
import { configLine, extensionsFile, extensionsMigration } from './advice.ts'
import { findCure, type Cured } from './cures.ts'
import { inOrder, sourceFinding } from './findings.ts'
import { readyShared, searchPathOf, tryPlainly, type PlainTrial } from './plain-trial.ts'
import { neededExtension } from './needed-extension.ts'
import { missingExtensionsSql } from './scratch-sql.ts'
import type { ScratchDatabases } from './scratch-databases.ts'
import { tryTenants, type TenantsTrial } from './tenants-trial.ts'
import { rewrittenPlaces, unknownPlaces } from './text-changes.ts'
import type { TrialHost, TrialOptions } from './trial-parts.ts'
import type { TrialCure, TrialFinding, TrialOfKind, TrialVerdict } from './trial-report.ts'
import { withMigration } from './trial-sources.ts'

export interface TrialContext {
  readonly host: TrialHost
  readonly databases: ScratchDatabases
  readonly sources: MigrationSources
  readonly options: TrialOptions
}

/** A refusal of code is known when it runs, and an option may cure it: so many options there are. */
const mostAttempts = 3

export class TrialOfOneKind {
  readonly #context: TrialContext
  readonly #kind: string
  readonly #source: MigrationSource
  readonly #findings: TrialFinding[] = []
  /** Extensions that the migrations use, and that neither they nor the shared migrations create. */
  readonly #assumed: string[] = []
  /** Extensions that the SQL of the migrations creates. */
  #leftOut: readonly string[] = []

  constructor(context: TrialContext, kind: string) {
    this.#context = context
    this.#kind = kind
    this.#source = context.sources.kinds.get(kind)!
  }

  async run(): Promise<TrialOfKind> {
    const { host, sources } = this.#context
    this.#stage(`reading ${this.#source.name}`)
    const migrations = await this.#list()
    if (migrations.length === 0) return this.#report('needs changes', { list: migrations })
    const cured = await findCure({ options: host.options, sources }, this.#source, migrations)
    this.#findings.push(...cured.refusals)
    const missing = await this.#missingExtensions(migrations)
    if (missing.length > 0 || cured.fit === 0) {
      return this.#report('needs changes', { list: migrations, missingExtensions: missing, cured })
    }
    const tried = migrations.slice(0, cured.fit)
    const plain = await this.#plainly(tried)
    const { tenants, options } = await this.#inTenants(tried, plain, cured.options)
    const verdict = this.#verdict(cured.fit < migrations.length, plain, tenants, options)
    const base = { list: migrations, tried: tried.length, cured, options, plain, tenants }
    return this.#report(verdict, base)
  }

  async #list(): Promise<readonly Migration[]> {
    try {
      const migrations = await this.#source.list()
      if (migrations.length === 0) {
        const message = `${this.#source.name} holds no migrations yet. If your migrations are elsewhere, name their folder and their tool in the config, at migrations.tenant.`
        this.#findings.push({ cause: 'source', message })
      }
      return migrations
    } catch (error) {
      if (tenancyErrorOf(error) === undefined) throw error
      this.#findings.push(sourceFinding(error))
      return []
    }
  }

  /** What the server does not have is told before anything runs. */
  async #missingExtensions(migrations: readonly Migration[]): Promise<string[]> {
    const { host, sources } = this.#context
    const source = { ...this.#source, review: { ...this.#source.review, extensions: 'shared' as const } }
    const { reviewed } = await findCure({ options: host.options, sources }, source, migrations)
    this.#leftOut = reviewed.leftOut
    return this.#lacking(reviewed.leftOut)
  }

  async #lacking(extensions: readonly string[]): Promise<string[]> {
    if (extensions.length === 0) return []
    const { rows } = await this.#context.databases.query<{ name: string }>(missingExtensionsSql(extensions))
    return rows.map(({ name }) => name)
  }

  /** An extension that the tool creates itself is added to the shared migrations, so that the trial goes on. */
  async #plainly(migrations: readonly Migration[]): Promise<PlainTrial> {
    for (;;) {
      const plain = await this.#oncePlainly(migrations)
      const { failure } = plain.reference
      const needed = failure && neededExtension(failure.message)
      if (needed === undefined || this.#assumed.includes(needed) || (await this.#lacking([needed])).length > 0) {
        if (failure !== undefined) this.#findings.push(failure)
        return plain
      }
      this.#assumed.push(needed)
    }
  }

  async #oncePlainly(migrations: readonly Migration[]): Promise<PlainTrial> {
    const { host, databases } = this.#context
    this.#stage(`applying ${counted(migrations.length)} to a plain database`)
    const database = await databases.create(searchPathOf(host.options))
    try {
      const failure = await readyShared(host, database, this.#shared(this.#assumed))
      if (failure !== undefined) return { reference: { durationMs: 0, skipped: [], failure }, extensions: [] }
      return await tryPlainly(database, await loadGrammar(), migrations, this.#leftOut)
    } finally {
      databases.drop(database.name)
    }
  }

  /** The shared migrations, with one that creates these extensions. */
  #shared(extensions: readonly string[]): MigrationSource {
    const { host, sources } = this.#context
    if (extensions.length === 0) return sources.shared
    return withMigration(sources.shared, 'extensions of the trial', extensionsMigration(extensions, host.options.sharedSchema))
  }

  async #inTenants(
    migrations: readonly Migration[],
    plain: PlainTrial,
    first: SourceReview,
  ): Promise<{ readonly tenants: TenantsTrial; readonly options: SourceReview }> {
    const { host, databases } = this.#context
    const plainAgain = (): Promise<PlainTrial> => this.#oncePlainly(migrations)
    let options = first
    for (let attempt = 1; ; attempt++) {
      this.#stage(`making four tenants with ${counted(migrations.length)}`)
      const shared = this.#shared(this.#neededShared(options, plain.extensions))
      const tenants = await tryTenants(
        { host, databases, plain, plainAgain },
        { shared, tenant: this.#source },
        migrations,
        options,
      )
      const more =
        attempt < mostAttempts
          ? tenants.findings.find(({ option }) => option !== undefined && options[option] === undefined)
          : undefined
      if (more === undefined || more.option === undefined) {
        this.#findings.push(...tenants.findings)
        return { tenants, options }
      }
      this.#findings.push(more)
      options = { ...options, [more.option]: more.option === 'extensions' ? 'shared' : 'rewrite' }
    }
  }

  #verdict(isCut: boolean, { reference, extensions }: PlainTrial, tenants: TenantsTrial, options: SourceReview): TrialVerdict {
    if (isCut || tenants.findings.length > 0) return reference.failure && !isCut ? 'fails without tenants' : 'needs changes'
    if (reference.failure !== undefined) return 'fails without tenants'
    const isSame = tenants.tenants.every(({ ok, differences }) => ok && differences.length === 0)
    if (!isSame || tenants.isSettled === false || (tenants.outside.length > 0 && !tenants.isOutsideMeant)) return 'differs'
    return this.#needsCure(options, extensions) ? 'works with options' : 'works'
  }

  async #report(verdict: TrialVerdict, parts: ReportParts): Promise<TrialOfKind> {
    const { cured, plain, tenants, missingExtensions = [] } = parts
    const options = parts.options ?? cured?.options ?? {}
    const extensions = plain?.extensions ?? (await this.#notShared(cured?.reviewed.leftOut ?? []))
    const cure = this.#needsCure(options, extensions) ? await this.#cure(options, extensions) : undefined
    return Object.freeze({
      kind: this.#kind,
      source: this.#source.name,
      verdict,
      migrations: parts.list.length,
      tried: parts.tried ?? 0,
      findings: inOrder(this.#findings, parts.list),
      ...(cure !== undefined && { cure }),
      missingExtensions,
      ...(plain && { reference: { durationMs: plain.reference.durationMs, skipped: plain.reference.skipped } }),
      tenants: tenants?.tenants ?? [],
      outside: tenants?.outside ?? [],
      unstable: tenants?.unstable ?? [],
      rewritten: cured ? rewrittenPlaces(parts.list, cured.reviewed) : [],
      unknown: cured ? unknownPlaces(cured.reviewed) : [],
      ...(tenants?.isSettled !== undefined && { isSettled: tenants.isSettled }),
    })
  }

  /** Options are missing, or a shared migration. */
  #needsCure(options: SourceReview, created: readonly string[]): boolean {
    return Object.keys(options).length > 0 || this.#neededShared(options, created).length > 0
  }

  /** The extensions that a shared migration has to create. @param created those that the migrations of the tenant create */
  #neededShared(options: SourceReview, created: readonly string[]): readonly string[] {
    return [...this.#assumed, ...(this.#leavesOutExtensions(options) ? created : [])]
  }

  /** Those that no shared migration creates, where none of them has run. */
  async #notShared(extensions: readonly string[]): Promise<readonly string[]> {
    if (extensions.length === 0) return extensions
    const { host, sources } = this.#context
    const list = await sources.shared.list()
    const created = createdExtensions((await review({ options: host.options, sources }, sources.shared, list, true)).all)
    return extensions.filter((name) => !created.includes(name))
  }

  #leavesOutExtensions(added: SourceReview): boolean {
    return (added.extensions ?? this.#source.review?.extensions) === 'shared'
  }

  async #cure(options: SourceReview, extensions: readonly string[]): Promise<TrialCure> {
    const { root, migrations, sharedSchema } = this.#context.host.options
    const hasOptions = Object.keys(options).length > 0
    const config = hasOptions ? configLine(root, migrations.tenant[this.#kind] || this.#source, options) : undefined
    const needed = this.#neededShared(options, extensions)
    const text = extensionsMigration(needed, sharedSchema)
    const { shared } = migrations
    const folder = shared === false ? join(root, 'migrations/shared') : shared
    const file = typeof folder === 'string' ? await extensionsFile(folder) : `a migration of ${folder.name}`
    return { options, ...(config !== undefined && { config }), ...(needed.length > 0 && { shared: { file, text } }) }
  }

  #stage(what: string): void {
    this.#context.options.onStage?.(what)
  }
}

interface ReportParts {
  readonly list: readonly Migration[]
  readonly tried?: number
  readonly missingExtensions?: readonly string[]
  readonly cured?: Cured
  readonly options?: SourceReview
  readonly plain?: PlainTrial
  readonly tenants?: TenantsTrial
}

function counted(migrations: number): string {
  return migrations === 1 ? '1 migration' : `${migrations} migrations`
}
