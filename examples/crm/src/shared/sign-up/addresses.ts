import { ApiProblem } from '../../api/problems.ts'
import { address as addressSchema, type AddressAnswer } from '../../api/schemas/sign-up.ts'
import type { CrmTenancy } from '../../tenancy.ts'
import { isReserved } from './reserved.ts'

/** Whether an address can be had. Another sign-up may take it in the next moment: the sign-up itself decides. */
export async function lookAtAddress({ tenants }: Pick<CrmTenancy, 'tenants'>, given: string): Promise<AddressAnswer> {
  const { data: address, error } = addressSchema.safeParse(given)
  if (error !== undefined) return { address: given, isFree: false, reason: `An address ${error.issues[0]!.message}.` }
  if (isReserved(address)) return { address, isFree: false, reason: reservedText }
  const isTaken = (await tenants.find({ schema: address })) !== undefined
  return { address, isFree: !isTaken, reason: isTaken ? takenText : null }
}

const reservedText = 'This address is reserved.'
const takenText = 'This address is taken.'

export function reservedAddress(): ApiProblem {
  return new ApiProblem(409, 'ADDRESS_RESERVED', reservedText, { errors: { address: reservedText } })
}

export function takenAddress(): ApiProblem {
  return new ApiProblem(409, 'ADDRESS_TAKEN', takenText, { errors: { address: takenText } })
}
