import { z } from 'zod'
import { emailAddress, flag, id, moment, optionalText, pageOf, pageQuery, plainText, searchText, userId } from './common.ts'

export const customerStatuses = ['active', 'inactive'] as const

export const customer = z
  .object({
    id,
    name: z.string(),
    contact: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    city: z.string().nullable(),
    country: z.string().nullable(),
    status: z.enum(customerStatuses),
    ownerId: userId.nullable(),
    ownerName: z.string().nullable(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Customer' })

export const newCustomer = z.strictObject({
  name: plainText(200),
  contact: optionalText(200),
  email: z.union([z.literal('').transform(() => null), emailAddress], 'must be an e-mail address').nullish(),
  phone: optionalText(50),
  city: optionalText(100),
  country: optionalText(100),
  status: z.enum(customerStatuses).default('active'),
  ownerId: userId.nullish(),
})
export const customerChanges = newCustomer.extend({ status: z.enum(customerStatuses) }).partial()

const customerSorts = ['name', 'city', 'status', 'createdAt', 'updatedAt'] as const
export const customerQuery = z.object({
  ...pageQuery,
  search: searchText.optional(),
  status: z.enum(customerStatuses).optional(),
  sort: z.enum(customerSorts).default('name'),
  descending: flag.optional(),
})
export const customerPage = pageOf(customer)

export type Customer = z.infer<typeof customer>
