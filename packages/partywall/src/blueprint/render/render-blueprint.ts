/** Writes a structure as SQL that creates it in another schema, in an order in which everything is there when it is needed. */
import type { Blueprint } from '../blueprint.ts'
import { identifier } from '../../names/identifier.ts'
import { withArrayCasts } from './array-casts.ts'
import { orderUnits, type Ordered } from './order-units.ts'
import { OwnNames } from './own-names.ts'
import { assertRenderable, refuse } from './refusals.ts'
import type { RenderedSchema, RenderOptions, Unit } from './rendered-schema.ts'
import { refreshOrder } from './refresh-order.ts'
import { keyOf } from './sql-names.ts'
import { withShells } from './types.ts'
import { relationsByName, rightsOfNew, unitsOf } from './units-of.ts'
import { withWrittenOrder } from './written-order.ts'

/**
 * The statements that create the structure. Names of the schema itself do not stand in them, except where a function had it; so they run
 * with the new schema first in the search path, which `settings` does.
 *
 * Not created: the schema, the rows, the history of the migrations.
 * @throws TenancyError UNSUPPORTED_OBJECT with the names of all objects that cannot be copied
 * @example
 * const { settings, structure, afterRows } = await renderBlueprint(await readBlueprint(client, 'acme'), { from: 'acme', to: 'globex' })
 * await client.query(['begin', 'create schema globex', ...settings, ...structure, ...afterRows, 'commit'].join(';\n'))
 */
export async function renderBlueprint(blueprint: Blueprint, options: RenderOptions): Promise<RenderedSchema> {
  assertRenderable(blueprint)
  const names = await OwnNames.load(withWrittenOrder(blueprint), options)
  const { structure, afterRows } = inOrder(names.blueprint, options)
  const statementsOf = (units: readonly Unit[]) =>
    units.flatMap(({ statements }) => statements).map((statement) => names.rewrite(withArrayCasts(statement)))
  return {
    settings: settingsFor(options.to),
    structure: statementsOf(structure),
    afterRows: statementsOf(afterRows),
    remarks: names.remarks,
  }
}

/** Objects that need each other are made in two steps; where that does not help, they are refused. */
function inOrder(blueprint: Blueprint, options: RenderOptions): Ordered {
  const split = new Set(viewsOfThemselves(blueprint))
  for (;;) {
    const units = unitsOf(blueprint, {
      options,
      serverMajor: blueprint.creation.serverMajor,
      defaultPrivileges: rightsOfNew(blueprint),
      owner: blueprint.owner,
      split,
      relations: relationsByName(blueprint),
    })
    const ordered = orderUnits(units, [...withShells(blueprint), ...refreshOrder(blueprint)])
    const stuck = [...ordered.circle, ...ordered.late]
    if (stuck.length === 0) return ordered
    const keys = stuck.flatMap((unit) => unit.keys)
    const before = split.size
    for (const key of keys) split.add(key)
    if (split.size === before) refuse([...new Set(stuck.flatMap((unit) => unit.keys.slice(0, 1)))].map(inWords))
  }
}

/** A view that was replaced by a query of itself cannot be read, but it is there. Up to PostgreSQL 15 every view depends on itself. */
export function viewsOfThemselves({ relations, creation }: Blueprint): string[] {
  const needs = new Set(creation.needs.map(({ object, needs: key }) => `${object} ${key}`))
  return relations
    .filter(({ kind, name, definition }) => kind === 'view' && definition!.includes(name))
    .map(({ name }) => keyOf('relation', name))
    .filter((key) => needs.has(`${key.replace('["relation"', '["query"')} ${key}`))
}

/**
 * Settings of the transaction. The blueprint was read with this path, and one of its objects may have a name that PostgreSQL has, too. They are all of a rendered
 * schema that differs with its name, where no function holds that name.
 */
export function settingsFor(to: string): string[] {
  return [
    `set local search_path = ${identifier(to)}, pg_catalog, pg_temp`,
    'set local check_function_bodies = off',
    "set local default_tablespace = ''",
    'set local client_min_messages = warning',
  ]
}

/** `["routine","add(integer)"]` is "the routine add(integer)". */
function inWords(key: string): string {
  const [kind, ...names] = JSON.parse(key) as string[]
  return `the ${kind === 'query' ? 'view' : kind!} ${names.join('.')}, which needs something that needs it`
}
