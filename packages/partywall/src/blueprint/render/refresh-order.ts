import type { Blueprint, Routine } from '../blueprint.ts'
import type { Need } from '../creation.ts'
import { keyOf } from './sql-names.ts'

/**
 * A materialized view is filled after those that it reads, also through views and functions. What the body of a function reads is guessed by the
 * names in it, so it decides only where PostgreSQL knows of no order.
 */
export function refreshOrder({ relations, routines, creation }: Blueprint): Need[] {
  const filled = relations.filter(({ kind, populated }) => kind === 'materialized view' && populated).map(({ name }) => name)
  if (filled.length < 2) return []
  const needs = Map.groupBy(creation.needs, ({ object }) => object)
  const known = new Map(
    filled.map((name) => [
      name,
      matchedIn(
        reachedFrom(name, needs, () => []),
        filled,
        name,
      ),
    ]),
  )
  const named = (routine: Routine) => keysNamedIn(routine, relations, routines)
  const byKey = new Map(routines.map((routine) => [keyOf('routine', routine.name), routine]))
  const guesses = filled.flatMap((name) => {
    const reached = reachedFrom(name, needs, (key) => (byKey.has(key) ? named(byKey.get(key)!) : []))
    return matchedIn(reached, filled, name).map((other) => [name, other] as const)
  })
  for (const [name, other] of guesses) {
    if (!known.get(name)!.includes(other) && !leadsTo(other, name, known)) known.get(name)!.push(other)
  }
  return [...known].flatMap(([name, others]) =>
    others.map((other) => ({ object: keyOf('refresh', name), needs: keyOf('refresh', other) })),
  )
}

function reachedFrom(name: string, needs: ReadonlyMap<string, Need[]>, more: (key: string) => readonly string[]): Set<string> {
  const reached = new Set([keyOf('query', name)])
  for (const key of reached) {
    const next = [...(needs.get(key) ?? []).map((need) => need.needs), ...more(key)]
    for (const one of next) reached.add(one).add(one.replace(/^\["relation"/, '["query"'))
  }
  return reached
}

function matchedIn(reached: ReadonlySet<string>, filled: readonly string[], except: string): string[] {
  return filled.filter((name) => name !== except && reached.has(keyOf('relation', name)))
}

function keysNamedIn({ source, parsedBody }: Routine, relations: Blueprint['relations'], routines: readonly Routine[]): string[] {
  if (parsedBody !== null) return []
  const words = new Set(source.toLowerCase().match(/[\p{L}_][\p{L}\d_$]*/gu))
  const isNamed = (name: string) => words.has(name.toLowerCase()) || source.includes(`"${name}"`)
  return [
    ...relations.filter(({ name }) => isNamed(name)).map(({ name }) => keyOf('relation', name)),
    ...routines.filter(({ bareName }) => isNamed(bareName)).map(({ name }) => keyOf('routine', name)),
  ]
}

/** Whether one is filled after another. */
function leadsTo(from: string, to: string, known: ReadonlyMap<string, readonly string[]>): boolean {
  const reached = new Set([from])
  for (const name of reached) for (const other of known.get(name) ?? []) reached.add(other)
  return reached.has(to)
}
