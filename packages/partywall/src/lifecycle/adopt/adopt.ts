/** `tenancy.tenants.adopt`: what exists already becomes a tenant. */
import type { Tenant } from '../../types.ts'
import { checkAdoption, type AdoptPlan, type ToAdopt } from './adopt-input.ts'
import type { AdoptParts } from './adopt-parts.ts'
import { readFiles } from './baseline.ts'
import { adoptInPlace, planInPlace } from './in-place.ts'
import { adoptTables, planTables } from './tables.ts'

export async function adopt<A extends object>(parts: AdoptParts<A>, input: ToAdopt<any>): Promise<Tenant<A>> {
  const { checked, tables } = await checkAdoption(parts, input, [])
  const files = await readFiles(parts, checked.kind, checked.at)
  return tables === undefined ? adoptInPlace(parts, checked, files) : adoptTables(parts, { ...checked, ...tables }, files)
}

/** `{ plan: true }`: changes nothing. */
export async function planAdoption(parts: AdoptParts<any>, input: ToAdopt<any>): Promise<AdoptPlan> {
  const { checked, tables } = await checkAdoption(parts, input, ['plan'])
  const files = await readFiles(parts, checked.kind, checked.at)
  return tables === undefined ? planInPlace(parts, checked, files) : planTables(parts, { ...checked, ...tables }, files)
}
