/** The room of data: the tables and rows of a tenant, of the shared schema and of templates. */
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import { textOf } from './address.ts'
import type { Sort, TableAnswer } from './api.ts'
import { findChoices } from './choices.ts'
import { readCursor } from './cursor.ts'
import { parseFilters } from './filters.ts'
import { listRows } from './list-rows.ts'
import { describeTable, listTables } from './list-tables.ts'
import { placeOf, sharedPlace, type Place } from './place.ts'
import { Refusal } from './refusal.ts'
import { readReferences, readRow, readValue } from './row.ts'
import { changeRow, createRow, deleteRow } from './write-row.ts'

/** Bytes of the body of a change: a file in base64, and other values beside it. */
const longestBody = 8 * 2 ** 20

const value = z.union([z.string(), z.null(), z.strictObject({ base64: z.base64() })])
const values = z.array(z.tuple([z.string().max(63), value])).max(1600)
const newRow = z.strictObject({ values })
const rowChange = z.strictObject({ version: z.string().max(40), values })

export function dataRoutes({ tenancy }: ConsoleParts): Room {
  const room: Room = new Hono<ConsoleEnv>()
  const place = (c: Context): Promise<Place> => placeOf(tenancy, c.req.param('place') ?? '')
  const limited = bodyLimit({ maxSize: longestBody, onError: () => tooLarge().response() })

  room.onError((error) => {
    if (error instanceof Refusal) return error.response()
    throw error
  })

  room.get('/:place/tables', async (c) => c.json(await listTables(tenancy, await place(c))))

  room.get('/:place/tables/:table', async (c) =>
    c.json(forRole(c, await describeTable(tenancy, await place(c), named(c, 'table')))),
  )

  room.get('/:place/tables/:table/rows', async (c) => {
    const cursor = readCursor(c.req.query('cursor'))
    const sort = sortOf(c)
    const options = { filters: parseFilters(c.req.query('filters')), ...(sort && { sort }), ...(cursor && { cursor }) }
    const list = await listRows(tenancy, await place(c), named(c, 'table'), options)
    return c.json({ ...list, table: forRole(c, list.table) })
  })

  room.get('/:place/tables/:table/choices', async (c) => {
    const { column = '', search = '' } = c.req.query()
    return c.json(
      await findChoices(
        tenancy,
        await place(c),
        named(c, 'table'),
        column.slice(0, 63),
        search.slice(0, 200).replaceAll('\0', ''),
      ),
    )
  })

  room.get('/:place/tables/:table/rows/:key', async (c) => {
    const row = await readRow(tenancy, await place(c), named(c, 'table'), c.req.param('key'))
    return c.json({ ...row, table: forRole(c, row.table) })
  })

  room.get('/:place/tables/:table/rows/:key/references', async (c) => {
    return c.json(await readReferences(tenancy, await place(c), named(c, 'table'), c.req.param('key')))
  })

  room.get('/:place/tables/:table/rows/:key/columns/:column', async (c) => {
    const { bytes, isText } = await readValue(tenancy, await place(c), named(c, 'table'), c.req.param('key'), named(c, 'column'))
    // The browser saves it and never shows it: what a row holds was written by others.
    return c.body(new Uint8Array(bytes), 200, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-disposition': `attachment; filename="value.${isText ? 'txt' : 'bin'}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'no-store',
    })
  })

  room.post('/:place/tables/:table/rows', mayWrite, limited, async (c) => {
    const body = newRow.parse(await bodyOf(c))
    return c.json(await createRow(tenancy, await place(c), named(c, 'table'), body), 201)
  })

  room.patch('/:place/tables/:table/rows/:key', mayWrite, limited, async (c) => {
    const body = rowChange.parse(await bodyOf(c))
    return c.json(await changeRow(tenancy, await place(c), named(c, 'table'), c.req.param('key'), body))
  })

  // What is deleted cannot be brought back, nor what a foreign key deletes with it.
  room.delete('/:place/tables/:table/rows/:key', needs('owner'), async (c) => {
    await deleteRow(tenancy, await place(c), named(c, 'table'), c.req.param('key'), (c.req.query('version') ?? '').slice(0, 40))
    return c.body(null, 204)
  })

  return room
}

/** Rows of the shared schema may say who operates the application, in which role: those who write them could make themselves an owner. */
const mayWrite: MiddlewareHandler<ConsoleEnv> = (c, next) =>
  needs(c.req.param('place') === sharedPlace ? 'owner' : 'operator')(c, next)

/** What the operator may not do is not offered. The routes refuse it, too. */
function forRole(c: Context<ConsoleEnv>, table: TableAnswer): TableAnswer {
  const { role } = c.get('operator')
  if (role === 'owner' || table.readOnly !== undefined) return table
  if (role === 'operator' && table.place.kind !== 'shared') return { ...table, mayDelete: false }
  return {
    ...table,
    mayInsert: false,
    mayUpdate: false,
    mayDelete: false,
    readOnly:
      role === 'viewer'
        ? 'Your role in this console is viewer: it reads, and changes nothing.'
        : 'Rows that all tenants share are changed by owners. Your role in this console is operator.',
  }
}

function tooLarge(): Refusal {
  return new Refusal('TOO_LARGE', `A change may have up to ${longestBody / 2 ** 20} MB.`)
}

/** What is no JSON is undefined, which no schema takes. */
function bodyOf(c: Context): Promise<unknown> {
  return c.req.json().catch(() => undefined)
}

/** @throws Refusal BAD_ADDRESS */
function named(c: Context, part: 'table' | 'column'): string {
  const text = textOf(c.req.param(part) ?? '')
  if (text === undefined) throw new Refusal('BAD_ADDRESS', 'This address is not one of the console.')
  return text
}

/** `sort=name` or `sort=~-name`: the name as `addressOf` writes it. */
function sortOf(c: Context): Sort | undefined {
  const given = c.req.query('sort')
  if (given === undefined || given === '') return undefined
  const descending = given.startsWith('~-')
  const column = textOf(descending ? given.slice(2) : given)
  if (column === undefined) throw new Refusal('BAD_FILTER', 'The column to sort by cannot be read.')
  return { column, descending }
}
