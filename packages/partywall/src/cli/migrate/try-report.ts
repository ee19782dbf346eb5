/** What a person reads after a trial: the verdict, what stands in the way and its cure, and last what was done. */
import { styleText } from 'node:util'
import type { TrialOfKind, TrialPlace, TrialReport, TrialTenant } from '../../migrations/trial/trial-report.ts'
import { formatDuration } from '../terminal/duration.ts'
import { printable, shortPath } from '../terminal/printable.ts'
import { aligned } from '../terminal/table.ts'
import { wrapped } from '../terminal/wrap.ts'
import { cureLines, curedLines, findingLines, placeLines } from './try-findings.ts'

export function renderTrial({ kinds, leftBehind }: TrialReport, isVerbose: boolean): string {
  const parts = kinds.map((kind) => renderKind(kind, kinds.length > 1, isVerbose))
  if (leftBehind.length > 0) {
    parts.push(`Could not be dropped: ${leftBehind.join(', ')}. The next trial tries again.`)
  }
  return parts.join('\n\n')
}

function renderKind(trial: TrialOfKind, hasOthers: boolean, isVerbose: boolean): string {
  const { kind, source, migrations, tried } = trial
  const title = `${hasOthers ? `${kind}: ` : ''}${printable(shortPath(source))}${migrations === 0 ? '' : `, ${counted(migrations)}`}${tried > 0 && tried < migrations ? `, the first ${tried} tried` : ''}`
  const blocks = [
    [title, ...wrapped([verdict(trial)]).map(bold)],
    findingLines(trial, isVerbose),
    differenceLines(trial, isVerbose),
    listLines('Outside of the tenants:', trial.outside, isVerbose),
    listLines('Different each time, also on a plain database:', trial.unstable, isVerbose),
    cureLines(trial),
    curedLines(trial, isVerbose),
    stages(trial),
    reviewLines(trial, isVerbose),
    ...(isVerbose
      ? [placeLines('Changed by the review:', trial.rewritten), placeLines('Not known before it runs:', trial.unknown)]
      : []),
    placeLines('Left out of the plain database, because it is about the whole server:', trial.reference?.skipped ?? []),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')
}

function stages({ reference, tenants, outside, isSettled }: TrialOfKind): string[] {
  const isCompared = tenants.some(({ ok }) => ok)
  const rows = [
    ...(reference === undefined ? [] : [['plain database', time(reference.durationMs), '']]),
    ...alike(tenants),
    ...(isCompared ? [['outside of the tenants', '', outside.length === 0 ? 'nothing changed' : changes(outside.length)]] : []),
    ...(isSettled === undefined ? [] : [['second run', '', isSettled ? 'does nothing' : 'is not finished']]),
  ]
  return rows.length === 0 ? [] : [bold('What was tried:'), ...aligned(rows).map((line) => `  ${line}`)]
}

/** Tenants that were made in one way, with one result, are one row. */
function alike(tenants: readonly TrialTenant[]): string[][] {
  const groups = Map.groupBy(tenants, (tenant) => JSON.stringify([tenant.way, resultOf(tenant)]))
  return [...groups.values()].map((group) => {
    const [{ way }] = group as [TrialTenant, ...TrialTenant[]]
    const times = group.map(({ durationMs }) => time(durationMs)).join(', ')
    return [`${group.length === 1 ? 'a tenant' : `${group.length} tenants`}, ${way}`, times, resultOf(group[0]!)]
  })
}

function reviewLines({ rewritten, unknown }: TrialOfKind, isVerbose: boolean): string[] {
  const hint = isVerbose ? '' : ' (--verbose names them)'
  return [
    ...(rewritten.length === 0 ? [] : [bold(`The review changes ${lines(rewritten.length)}${hint}:`), ...byKind(rewritten)]),
    ...(unknown.length === 0 ? [] : [bold(`The review cannot know ${lines(unknown.length)}${hint}:`), ...byKind(unknown)]),
  ]
}

function resultOf({ ok, differences }: TrialTenant): string {
  if (!ok) return 'not finished'
  if (differences.length === 0) return 'as on the plain database'
  return differences.length === 1 ? '1 difference' : `${differences.length} differences`
}

function verdict({ verdict: is, migrations, tried, findings, tenants, outside, missingExtensions }: TrialOfKind): string {
  switch (is) {
    case 'works':
      return 'This history works as tenants.'
    case 'works with options':
      return 'This history works as tenants, with a change of the config.'
    case 'fails without tenants':
      return 'This history fails on a plain database, too, so there is nothing to compare with.'
    case 'differs': {
      const differences = new Set(tenants.flatMap((tenant) => tenant.differences)).size
      const parts = [
        ...(differences > 0 ? [differences === 1 ? '1 difference' : `${differences} differences`] : []),
        ...(outside.length > 0 ? [`${changes(outside.length)} outside of the tenants`] : []),
      ]
      return `This history runs in tenants, but it does not come out the same: ${parts.join(', ') || 'a second run is not finished'}.`
    }
    case 'needs changes': {
      if (missingExtensions.length > 0) return 'This history could not be tried: the server lacks extensions.'
      const files = new Set(findings.filter(({ option }) => option === undefined).map(({ file }) => file ?? '')).size
      if (migrations === 0 || files === 0) return 'This history could not be tried.'
      // A tenant ends at the first migration that fails, so others may follow.
      const least = tried === migrations ? 'At least ' : ''
      return `${least}${files} of ${counted(migrations)} ${files === 1 ? 'needs' : 'need'} a change.`
    }
  }
}

/** What several tenants have alike is told once. */
function differenceLines({ tenants }: TrialOfKind, isVerbose: boolean): string[] {
  const ways = new Map<string, Set<string>>()
  for (const { way, differences } of tenants) {
    for (const sentence of differences) ways.set(sentence, (ways.get(sentence) ?? new Set()).add(way))
  }
  const total = new Set(tenants.map(({ way }) => way)).size
  const sentences = [...ways].map(([sentence, some]) =>
    some.size === total ? sentence : `${sentence} (${[...some].join('; ')})`,
  )
  return listLines('Not as on the plain database:', sentences, isVerbose)
}

function listLines(title: string, sentences: readonly string[], isVerbose: boolean): string[] {
  if (sentences.length === 0) return []
  const most = isVerbose ? Infinity : 10
  const more = sentences.length - most
  return [
    bold(title),
    ...wrapped(sentences.slice(0, most).map((sentence) => `  ${printable(sentence)}`)),
    ...(more > 0 ? [`  and ${more} more; --verbose names all`] : []),
  ]
}

/** The most frequent first. */
function byKind(places: readonly TrialPlace[]): string[] {
  const groups = [...Map.groupBy(places, ({ what }) => what)].toSorted(([, a], [, b]) => b.length - a.length)
  return groups.flatMap(([what, of]) => wrapped([`  ${of.length} × ${printable(what)}`]))
}

function time(millis: number): string {
  return formatDuration(millis)
}

function counted(migrations: number): string {
  return migrations === 1 ? '1 migration' : `${migrations} migrations`
}

function changes(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`
}

function lines(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}
