/** The domains of a tenant, and those that it has yet to prove. */
import { Hono } from 'hono'
import type { DomainClaim } from 'partywall'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import type { ClaimAnswer, DomainsAnswer } from './api.ts'
import { mayOf, tenantOf } from './find.ts'

const domainBody = z.strictObject({ domain: z.string().min(1).max(300), primary: z.boolean().optional() })
const named = z.strictObject({ domain: z.string().min(1).max(300) })

export function domainsRoutes({ tenancy }: ConsoleParts): Room {
  const room: Room = new Hono<ConsoleEnv>()

  room.get('/:tenant/domains', async (c) => {
    const { id } = await tenantOf(tenancy, c)
    const [domains, claims] = await Promise.all([tenancy.domains.list({ id }), tenancy.domains.claims({ id })])
    const answer: DomainsAnswer = {
      domains: domains.map(({ domain, isPrimary, createdAt }) => ({ domain, isPrimary, createdAt: createdAt.toISOString() })),
      claims: claims.map(claimAnswer),
      may: mayOf(c),
    }
    return c.json(answer)
  })

  room.post('/:tenant/domains', needs('operator'), async (c) => {
    const { domain, primary } = domainBody.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.domains.add({ id }, domain, primary === undefined ? {} : { primary })
    return c.body(null, 204)
  })

  room.post('/:tenant/domains/primary', needs('operator'), async (c) => {
    const { domain } = named.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.domains.setPrimary({ id }, domain)
    return c.body(null, 204)
  })

  room.post('/:tenant/domains/remove', needs('operator'), async (c) => {
    const { domain } = named.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.domains.remove({ id }, domain)
    return c.body(null, 204)
  })

  room.post('/:tenant/claims', needs('operator'), async (c) => {
    const { domain } = named.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    return c.json(claimAnswer(await tenancy.domains.claim({ id }, domain)), 201)
  })

  room.post('/:tenant/claims/verify', needs('operator'), async (c) => {
    const { domain } = named.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    return c.json(claimAnswer(await tenancy.domains.verify({ id }, domain)))
  })

  room.post('/:tenant/claims/release', needs('operator'), async (c) => {
    const { domain } = named.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.domains.release({ id }, domain)
    return c.body(null, 204)
  })

  return room
}

function claimAnswer({ domain, isVerified, record, checkedAt, missingSince }: DomainClaim): ClaimAnswer {
  return {
    domain,
    isVerified,
    record,
    ...(checkedAt && { checkedAt: checkedAt.toISOString() }),
    ...(missingSince && { missingSince: missingSince.toISOString() }),
  }
}
