import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint, Routine } from '../blueprint.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { keyOf, withoutArguments } from './sql-names.ts'

export function routineUnits({ routines }: Blueprint, rendering: Rendering): Unit[] {
  return routines.map((routine) => ({
    keys: [keyOf('routine', routine.name)],
    statements: [routine.kind === 'aggregate' ? aggregate(routine) : definitionOf(routine, rendering), ...extensionsOf(routine)],
    tier: 'routine',
  }))
}

function extensionsOf({ kind, signature, dependsOn }: Routine): string[] {
  return dependsOn.map(
    (extension) => `alter ${kind === 'procedure' ? kind : 'function'} ${signature} depends on extension ${identifier(extension)}`,
  )
}

/** An aggregate as ALTER, COMMENT and the like name it; GRANT names it as a function. */
export function aggregateSignature({ bareName, identity }: Routine): string {
  return `${bareName}(${identity === '' ? '*' : identity})`
}

function definitionOf(routine: Routine, { options }: Rendering): string {
  const isProcedure = routine.kind === 'procedure'
  const usualCost = ['c', 'internal'].includes(routine.language) ? 1 : 100
  const returnsSet = routine.result !== null && /^(?:SETOF |TABLE\()/.test(routine.result)
  return [
    `create ${isProcedure ? 'procedure' : 'function'} ${routine.bareName}(${routine.arguments})`,
    ...(routine.result === null ? [] : [`returns ${routine.result}`]),
    `language ${identifier(routine.language)}`,
    ...(routine.transforms.length === 0 ? [] : [`transform ${routine.transforms.map((type) => `for type ${type}`).join(', ')}`]),
    ...(routine.kind === 'window function' ? ['window'] : []),
    ...(isProcedure || routine.volatility === 'volatile' ? [] : [routine.volatility]),
    ...(routine.strict ? ['strict'] : []),
    ...(routine.securityDefiner ? ['security definer'] : []),
    ...(routine.leakproof ? ['leakproof'] : []),
    ...(isProcedure || routine.parallel === 'unsafe' ? [] : [`parallel ${routine.parallel}`]),
    ...(isProcedure || routine.cost === usualCost ? [] : [`cost ${routine.cost}`]),
    ...(!returnsSet || routine.rows === 1000 ? [] : [`rows ${routine.rows}`]),
    ...(routine.support === null ? [] : [`support ${withoutArguments(routine.support)}`]),
    ...routine.settings.map((setting) => settingOf(setting, options.to)),
    bodyOf(routine),
  ].join('\n')
}

function bodyOf({ parsedBody, library, language, source }: Routine): string {
  if (parsedBody !== null) return parsedBody
  return language === 'c' ? `as ${literal(library ?? '')}, ${literal(source)}` : `as ${literal(source)}`
}

/** Lists of names are kept as SQL writes them; every other value is one text. */
function settingOf(setting: string, to: string): string {
  const at = setting.indexOf('=')
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)]
  const parameter = name.split('.').map(identifier).join('.')
  if (!listsOfNames.has(name)) return `set ${parameter} to ${literal(value)}`
  const names = value.match(/"(?:[^"]|"")*"|[^", ]+/g) ?? ['""']
  return `set ${parameter} to ${names.map((one) => literal(nameInList(one, name, to))).join(', ')}`
}

/** It is written as a string: PostgreSQL cuts identifiers after 63 bytes, and an entry may be a path of the file system. */
function nameInList(written: string, setting: string, to: string): string {
  if (setting === 'search_path' && written === '{schema}') return to
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}

const listsOfNames = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
])

function aggregate(routine: Routine): string {
  const facts = new Map(
    routine.aggregate.map((fact) => {
      const at = fact.indexOf(': ')
      return [fact.slice(0, at), fact.slice(at + 2)]
    }),
  )
  const options = Object.entries(aggregateOptions).flatMap(([fact, write]) => {
    const value = facts.get(fact)
    return value === undefined ? [] : write(value)
  })
  const parallel = routine.parallel === 'unsafe' ? [] : [`parallel = ${routine.parallel}`]
  const types = routine.arguments === '' ? '*' : routine.arguments
  return `create aggregate ${routine.bareName}(${types}) (${[...options, ...parallel].join(', ')})`
}

const named = (option: string) => (value: string) => [`${option} = ${withoutArguments(value)}`]
const written = (option: string) => (value: string) => [`${option} = ${value}`]
const text = (option: string) => (value: string) => [`${option} = ${literal(value)}`]
const flag = (option: string) => (value: string) => (value === 'true' ? [option] : [])
const change = (option: string) => (value: string) => [
  `${option} = ${({ r: 'read_only', s: 'shareable' } as Record<string, string>)[value] ?? 'read_write'}`,
]

const aggregateOptions: Readonly<Record<string, (value: string) => readonly string[]>> = {
  kind: (value) => (value === 'h' ? ['hypothetical'] : []),
  'state function': named('sfunc'),
  'state type': written('stype'),
  'state space': written('sspace'),
  'initial value': text('initcond'),
  'final function': named('finalfunc'),
  'final function takes more': flag('finalfunc_extra'),
  'final function changes the state': change('finalfunc_modify'),
  'combine function': named('combinefunc'),
  'serialize function': named('serialfunc'),
  'deserialize function': named('deserialfunc'),
  'moving state function': named('msfunc'),
  'moving inverse function': named('minvfunc'),
  'moving state type': written('mstype'),
  'moving state space': written('msspace'),
  'moving initial value': text('minitcond'),
  'moving final function': named('mfinalfunc'),
  'moving final function takes more': flag('mfinalfunc_extra'),
  'moving final function changes the state': change('mfinalfunc_modify'),
  'sort operator': (value) => [`sortop = ${operatorName(value)}`],
}

/** `public.<(integer,integer)` is `operator(public.<)`. */
function operatorName(printed: string): string {
  return `operator(${printed.slice(0, printed.lastIndexOf('('))})`
}
