/** The room of operators: who may enter, and who has changed something lately. */
import { Hono } from 'hono'
import * as z from 'zod'
import { accountsOf, type Accounts } from '../accounts/accounts.ts'
import type { AnyTenancy, ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { problem } from '../problem.ts'
import { needs } from '../security/roles.ts'
import type { OperatorsAnswer, RecentActor } from './api.ts'

const email = z.string().min(3).max(255)
const newOperator = z.strictObject({ email, name: z.string().min(1).max(200).optional(), password: z.string().min(8).max(128) })
const named = z.strictObject({ email })

/** Entries of the audit that are looked through for actors. */
const lately = 500

export function operatorsRoutes({ tenancy, authorize }: ConsoleParts): Room {
  const accounts = authorize === undefined ? undefined : accountsOf(authorize)
  const room: Room = new Hono<ConsoleEnv>()

  room.get('/', async (c) => {
    const recent = await recentActors(tenancy)
    const isShown = accounts !== undefined && c.get('operator').role === 'owner'
    return c.json({
      source: accounts === undefined ? 'application' : 'accounts',
      ...(isShown && { accounts: await accounts.list(c.req.raw) }),
      ...(recent !== undefined && { recent }),
    } satisfies OperatorsAnswer)
  })

  if (accounts !== undefined) changes(room, accounts)
  return room
}

function changes(room: Room, accounts: Accounts): void {
  room.post('/', needs('owner'), async (c) => {
    await accounts.create(newOperator.parse(await c.req.json()))
    return c.body(null, 201)
  })
  for (const [name, isDisabled] of [
    ['disable', true],
    ['enable', false],
  ] as const)
    room.post(`/${name}`, needs('owner'), async (c) => {
      const given = named.parse(await c.req.json())
      const account = (await accounts.list(c.req.raw)).find((one) => one.email.toLowerCase() === given.email.toLowerCase())
      if (account === undefined)
        return problem(c, 404, {
          code: 'UNKNOWN_OPERATOR',
          title: 'There is no such operator',
          detail: 'No account of an operator has this address.',
        })
      // The last owner would be out with no way back.
      if (account.id === c.get('operator').id)
        return problem(c, 409, {
          code: 'OWN_ACCOUNT',
          title: 'This is your own account',
          detail: 'Another owner can disable it.',
        })
      await accounts.setDisabled(account.email, isDisabled)
      return c.body(null, 204)
    })
}

/** The newest entry of each actor; undefined where the audit cannot be read. */
async function recentActors(tenancy: AnyTenancy): Promise<RecentActor[] | undefined> {
  try {
    const found = new Map<string, RecentActor>()
    for (const { actor, at, action } of await tenancy.audit.list({ limit: lately }))
      if (!found.has(actor)) found.set(actor, { actor, at: at.toISOString(), action })
    return [...found.values()].slice(0, 50)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NOT_PERMITTED') return undefined
    throw error
  }
}
