import { z } from 'zod'
import { moment, userId } from './common.ts'
import { planId } from './billing.ts'

export const permissions = ['records.delete', 'imports.run', 'members.manage', 'settings.write', 'billing.manage'] as const
const permission = z.enum(permissions)

/** Before anyone has signed in: for the page of the sign-in. */
export const place = z.object({ name: z.string(), address: z.string() }).meta({ id: 'Place' })

export const session = z
  .object({
    user: z.object({
      id: userId,
      name: z.string(),
      email: z.string(),
      jobTitle: z.string().nullable(),
      timeZone: z.string(),
    }),
    role: z.string(),
    can: z.array(permission),
    tenant: z.object({
      id: z.uuid(),
      name: z.string(),
      address: z.string(),
      plan: planId,
      trialEndsAt: moment.nullable(),
      currency: z.string(),
      timeZone: z.string(),
    }),
  })
  .meta({ id: 'Session' })

export const tokenRequest = z.strictObject({ email: z.string().max(200), password: z.string().max(128) })
export const refreshRequest = z.strictObject({ refreshToken: z.string().max(4000) })
export const tokenPair = z
  .object({ accessToken: z.string(), refreshToken: z.string(), expiresAt: moment })
  .meta({ id: 'TokenPair' })

export type Permission = z.infer<typeof permission>
export type Session = z.infer<typeof session>
export type Place = z.infer<typeof place>
