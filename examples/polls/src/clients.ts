/** The clients of the shop: each is a tenant. Served on the shared side only; the rest of the app does not know this file. */
import { Router } from 'express'
import { z } from 'zod'
import type { PollsTenancy, PollsTenant } from './tenancy.ts'

const newClient = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine((name) => name.isWellFormed() && !name.includes('\0'), 'must be plain text'),
  /** The name of its schema and of its host. partywall checks which names are possible. */
  schema: z.string().optional(),
  plan: z.enum(['free', 'pro']).default('free'),
})

export function clientsRouter(tenancy: PollsTenancy): Router {
  const router = Router()

  router.get('/', async (_req, res) => {
    const clients = await Array.fromAsync(tenancy.tenants.each())
    res.json(clients.map(toClient))
  })

  router.post('/', async (req, res) => {
    const { name, plan, schema = name.toLowerCase().replaceAll(' ', '-') } = newClient.parse(req.body)
    const tenant = await tenancy.tenants.create({ schema, name, attributes: { plan } })
    res.status(201).json(toClient(tenant))
  })

  return router
}

function toClient({ id, name, schema, attributes, createdAt }: PollsTenant) {
  return { id, name, schema, plan: attributes.plan, host: `${schema}.localhost`, created_at: createdAt }
}
