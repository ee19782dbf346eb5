/** The settings of a tenant, each with the layer that it comes from. Secrets are set, and never shown. */
import { Hono } from 'hono'
import * as z from 'zod'
import type { AnyTenancy, ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import type { SettingsAnswer } from './api.ts'
import { mayOf, tenantOf } from './find.ts'
import { jsonSchemaOf, withoutNull, type JsonSchema } from './json-schema.ts'

const key = z.string().min(1).max(300)
const setting = z.strictObject({ key, value: z.json() })

export function settingsRoutes({ tenancy }: ConsoleParts): Room {
  const room: Room = new Hono<ConsoleEnv>()

  room.get('/:tenant/settings', async (c) => {
    const { id } = await tenantOf(tenancy, c)
    const isOn = tenancy.options.settings.schema !== undefined
    const entries = isOn ? await tenancy.settings.list({ id }) : []
    const known = new Set(entries.map((entry) => entry.key))
    const answer: SettingsAnswer = {
      isOn,
      settings: entries.map(({ key: name, value, from, isSecret }) => ({
        key: name,
        from,
        isSecret,
        ...(!isSecret && { value }),
      })),
      unset: isOn ? keysOf(tenancy).filter((each) => !known.has(each.key)) : [],
      may: mayOf(c),
    }
    return c.json(answer)
  })

  room.put('/:tenant/settings', needs('operator'), async (c) => {
    const { key: name, value } = setting.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    // Computed names define properties, so that `__proto__` stays a name.
    const changes = name.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value)
    await tenancy.settings.set({ id }, changes as object)
    return c.body(null, 204)
  })

  room.post('/:tenant/settings/unset', needs('operator'), async (c) => {
    const body = z.strictObject({ key }).parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.settings.unset({ id }, body.key as never)
    return c.body(null, 204)
  })

  return room
}

const deepest = 6

/** The names that the schema has, where its library tells them. */
function keysOf({ options: { settings } }: AnyTenancy): { readonly key: string; readonly isSecret: boolean }[] {
  const leaves = (schema: JsonSchema, path: readonly string[]): readonly string[] => {
    const { properties } = withoutNull(schema).schema
    if (properties === undefined || path.length >= deepest) return path.length === 0 ? [] : [path.join('.')]
    return Object.entries(properties).flatMap(([name, part]) => leaves(part, [...path, name]))
  }
  const schema = jsonSchemaOf(settings.schema)
  return (schema === undefined ? [] : leaves(schema, [])).map((name) => ({
    key: name,
    isSecret: isAmong(name, settings.secrets),
  }))
}

function isAmong(name: string, patterns: readonly string[]): boolean {
  const parts = name.split('.')
  return patterns.some((pattern) => {
    const wanted = pattern.split('.')
    return wanted.length <= parts.length && wanted.every((part, at) => part === '*' || part === parts[at])
  })
}
