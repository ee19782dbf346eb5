import { z } from 'zod'
import { planId } from './billing.ts'
import { emailAddress, password, plainText } from './common.ts'

/** The label of the host: of what DNS allows, and begins with a letter. */
export const address = z
  .string()
  .trim()
  .toLowerCase()
  .min(3, 'must have 3 characters or more')
  .max(30, 'must have 30 characters or fewer')
  .regex(/^[a-z][a-z0-9-]*[a-z0-9]$/, 'may have letters a to z, digits and hyphens, and begins with a letter')
  .refine((text) => !text.includes('--'), 'must not have two hyphens in a row')

export const signUp = z.strictObject({
  company: plainText(100),
  address,
  name: plainText(100),
  email: emailAddress,
  password,
  plan: planId.default('starter'),
})

/** `enter`: go there with the whole page, in the browser that signed up; it leads to the new tenant, signed in. */
export const signedUp = z.object({ address: z.string(), url: z.url(), enter: z.url() }).meta({ id: 'SignedUp' })

export const addressQuery = z.object({ address: z.string().max(100) })
/** `reason`: why it cannot be had, in a sentence. */
export const addressAnswer = z
  .object({ address: z.string(), isFree: z.boolean(), reason: z.string().nullable() })
  .meta({ id: 'AddressAnswer' })

export type SignedUp = z.infer<typeof signedUp>
export type AddressAnswer = z.infer<typeof addressAnswer>
