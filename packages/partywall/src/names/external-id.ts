/** The key that a tenant has in another system, as text. */

/** Most characters of an external id. */
export const longestExternalId = 255

/** Whether a tenant may have this external id: 1 to 255 characters, none of them a control character. */
export function isExternalId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= longestExternalId &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  )
}
