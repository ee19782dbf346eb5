/** Puts together what creation needs beyond the definitions of objects. */
import type { Blueprint, Privileges } from './blueprint.ts'
import type { Need, RightsOfNew, Unmodeled, WrittenOrder } from './creation.ts'
import { byName, order } from './by-name.ts'

/** `object`: a key, and an id as its name. `need`: a key, and the id of what it needs, which may be outside of the schema. */
export interface CreationRow {
  readonly object: string | null
  readonly needs: string | null
  readonly kind: string
  readonly name: string | null
}

export function creationOf(rows: readonly CreationRow[]): Blueprint['creation'] {
  const keys = new Map(rows.flatMap(({ object, kind, name }) => (kind === 'object' ? [[name!, object!] as const] : [])))
  const needs = new Map<string, Need>()
  const orders: WrittenOrder[] = []
  const outside: Unmodeled[] = []
  const defaultPrivileges: RightsOfNew[] = []
  let serverMajor = 0
  for (const { object, needs: id, kind, name } of rows) {
    if (kind === 'need') {
      const key = keys.get(id!)
      if (key !== undefined && key !== object) needs.set(`${object!} ${key}`, { object: object!, needs: key })
    } else if (kind === 'defaults') defaultPrivileges.push({ name: object!, privileges: JSON.parse(name!) as Privileges })
    else if (kind === 'server') serverMajor = Number(name)
    else if (object === null) outside.push({ kind, name: name! })
    else if (kind !== 'object') orders.push({ object, list: kind as WrittenOrder['list'], names: JSON.parse(name!) as string[] })
  }
  return {
    serverMajor,
    needs: inOrder([...needs.values()], (need) => need.needs),
    orders: inOrder(orders, ({ list }) => list),
    outside: byName(outside),
    defaultPrivileges: byName(defaultPrivileges),
  }
}

function inOrder<T extends { readonly object: string }>(list: readonly T[], second: (one: T) => string): T[] {
  return list.toSorted((a, b) => order(a.object, b.object) || order(second(a), second(b)))
}
