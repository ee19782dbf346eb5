/**
 * `tenancy.tenants.adoptAll`: many schemas become tenants, each in place and in a transaction of its own. A run that was interrupted is continued by the next
 * one: what is a tenant already is left as it is. What can be read for all schemas at once is read in a few queries.
 */
import { validateAttributes } from '../../catalog/tenants/attributes.ts'
import { assertTenantName } from '../../catalog/tenants/tenant-name.ts'
import { readFingerprints } from '../../blueprint/fingerprints.ts'
import { reservedSchemas } from '../../config/options.ts'
import { makeReport } from '../../fleet/report.ts'
import { work } from '../../fleet/schedule.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { digestOf } from '../../migrations/history/digest.ts'
import { readDigests, type HistoryDigest } from '../../migrations/history/history.ts'
import { parseDomain } from '../../names/domain-name.ts'
import { assertAdoptedSchemaName } from '../../names/identifier.ts'
import type { FleetEntry, FleetReport } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { assertAcceptable } from './acceptable.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { baselineOf, readFiles, type KindFiles } from './baseline.ts'
import { inBothScopes, namesInBoth } from './both-scopes.ts'
import { candidateKeys, invalid, readCandidates, readTaken, type Candidates } from './candidates.ts'
import type { Candidate } from './candidate.ts'
import { Expected } from './expected.ts'
import { schemaMissing } from './facts.ts'
import type { AdoptFinding } from './finding.ts'
import { announce, assertNoBaseline, isCompared, takeIn, type Examined } from './in-place.ts'
import { patienceKeys, patienceOf, patiently, type Patience } from './patiently.ts'

export interface FleetToAdopt extends Candidates, Patience {
  /** The kind of those that have none of their own. @default 'default' */
  readonly kind?: string | undefined
  /** As of `tenants.adopt`, for all of them. */
  readonly at?: string | undefined
  /** Adopt also those that differ from what their migrations give. @default false */
  readonly accept?: boolean | undefined
  /** Examine them, and change nothing: entries of schemas that would be adopted are `skipped`. @default false */
  readonly plan?: boolean | undefined
  /** How many at a time. 1 to 64. @default 4 */
  readonly concurrency?: number | undefined
  /** Called with the entry of each schema when its work is over. */
  readonly onEntry?: ((entry: AdoptEntry) => void) | undefined
}

export interface AdoptEntry extends FleetEntry {
  /** How it differs from what its migrations give, as sentences. */
  readonly differences: readonly string[]
  /** It was a tenant already. */
  readonly isOld: boolean
}

const keys = [...candidateKeys, ...patienceKeys, 'kind', 'at', 'accept', 'plan', 'concurrency', 'onEntry']

/** @throws TenancyError INVALID_ARGUMENT, UNKNOWN_KIND, INVALID_MIGRATION before any schema is changed; failures of a schema are in the report */
export async function adoptAll<A extends object>(parts: AdoptParts<A>, given: FleetToAdopt): Promise<FleetReport<AdoptEntry>> {
  assertKnownKeys('tenants.adoptAll', given, keys)
  const { kind = 'default', at, accept = false, plan = false, concurrency = 4, onEntry } = given
  assertWholeNumber('INVALID_ARGUMENT', '"concurrency" of tenants.adoptAll', 'concurrency', concurrency, { least: 1, most: 64 })
  if (onEntry !== undefined && typeof onEntry !== 'function') throw invalid('onEntry', 'must be a function')
  const patience = patienceOf('tenants.adoptAll', given)
  const started = performance.now()
  const { deploy } = parts.catalog
  const candidates = await readCandidates(deploy, parts.options, given)
  const taken = await readTaken(deploy)
  const facts = await readFleetFacts(
    parts,
    candidates.filter(({ schema }) => !taken.has(schema)),
    kind,
    at,
  )
  const entries = new Map<Candidate, AdoptEntry>()
  const note = (candidate: Candidate, entry: Partial<AdoptEntry> & Pick<AdoptEntry, 'state'>): void => {
    const whole = { target: candidate.schema, durationMs: 0, differences: [], isOld: false, ...entry }
    entries.set(candidate, whole)
    onEntry?.(whole)
  }
  await deploy.connections(concurrency, (connections) =>
    work(candidates, {
      size: Math.min(concurrency, connections.size),
      skip: (candidate) => note(candidate, { state: 'skipped' }),
      attempt: async (candidate) => {
        const begun = performance.now()
        let differences: readonly string[] = []
        try {
          const id = taken.get(candidate.schema)
          if (id !== undefined) {
            note(candidate, { state: 'done', tenantId: id, isOld: true })
            return { end: 'done' }
          }
          const { wanted, examined } = await facts.examine(candidate)
          differences = examined.warnings.map(({ sentence }) => sentence)
          if (plan) {
            note(candidate, { state: 'skipped', differences, durationMs: performance.now() - begun })
            return { end: 'done' }
          }
          assertAcceptable({ ...wanted, accept }, { refused: [], warnings: examined.warnings })
          const adopted = await patiently('adopt', wanted.schema, patience.retries, () =>
            connections.transaction((transaction) => takeIn(parts, transaction, { ...wanted, ...patience }, examined)),
          )
          const { id: tenantId } = announce(parts, adopted)
          note(candidate, { state: 'done', tenantId, differences, durationMs: performance.now() - begun })
          return { end: 'done' }
        } catch (error) {
          note(candidate, { state: 'failed', error, differences, durationMs: performance.now() - begun })
          return { end: 'failed' }
        }
      },
    }),
  )
  return makeReport(
    candidates.map((candidate) => entries.get(candidate)!),
    performance.now() - started,
  )
}

interface FleetFacts {
  examine(candidate: Candidate): Promise<{
    readonly wanted: {
      readonly schema: string
      readonly name: string
      readonly kind: string
      readonly domains: readonly string[]
      readonly attributes: object
    }
    readonly examined: Examined
  }>
}

async function readFleetFacts(
  parts: AdoptParts<any>,
  candidates: readonly Candidate[],
  kind: string,
  at: string | undefined,
): Promise<FleetFacts> {
  const { deploy } = parts.catalog
  const schemas = candidates.map(({ schema }) => schema)
  const digests: ReadonlyMap<string, HistoryDigest> = schemas.length === 0 ? new Map() : await readDigests(deploy, schemas)
  const inBoth = await namesInBoth(deploy, parts.options, schemas)
  const kinds = new Map<string, { files: KindFiles; expected: Expected }>()
  for (const one of new Set([kind, ...candidates.flatMap((candidate) => candidate.kind ?? [])])) {
    const files = await readFiles(parts, one, at)
    kinds.set(one, { files, expected: new Expected(parts, files) })
  }
  const fingerprints = [...kinds.values()].some(({ files }) => isCompared(files))
    ? await readFingerprints(
        deploy,
        schemas.filter((schema) => digests.get(schema)?.hasHistory === false),
      )
    : new Map<string, string>()
  const compared = new Map<string, Promise<readonly AdoptFinding[]>>()
  const attributes = once(() => validateAttributes(parts.options.attributes, {}))
  return {
    async examine(candidate) {
      const { schema, name = schema, domains = [] } = candidate
      assertAdoptedSchemaName(schema, reservedSchemas(parts.options))
      assertTenantName(name)
      const of = candidate.kind ?? kind
      const wanted = { schema, name, kind: of, domains: [...new Set(domains.map(parseDomain))], attributes: await attributes() }
      const stored = digests.get(schema)
      if (stored === undefined) throw schemaMissing(schema)
      const both = inBoth.get(schema)
      if (both !== undefined) throw inBothScopes(schema, both)
      const { files, expected } = kinds.get(of)!
      if (stored.hasHistory) {
        assertNoBaseline(schema, files)
        return { wanted, examined: { hasHistory: true, applied: [], isEqual: false, warnings: [] } }
      }
      const applied = await baselineOf(deploy, schema, files)
      if (!isCompared(files)) return { wanted, examined: { hasHistory: false, applied, isEqual: false, warnings: [] } }
      // Equal schemas have equal differences: one of them is read.
      const key = JSON.stringify([of, fingerprints.get(schema), digestOf(applied)])
      let warnings = compared.get(key)
      if (warnings === undefined) compared.set(key, (warnings = expected.findings(deploy, schema, applied)))
      const found = await warnings
      return { wanted, examined: { hasHistory: false, applied, isEqual: found.length === 0, warnings: found } }
    },
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
