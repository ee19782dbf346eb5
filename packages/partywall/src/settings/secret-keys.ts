/** Which settings are secret, by the option `settings.secrets`. */

/** `around`: a group in which there may be secrets. A value in its place, such as a list, may hold them, so it counts as secret. */
export type Secrecy = 'plain' | 'around' | 'secret'

/** @param names on the way to the setting or the group */
export function secrecyOf(names: readonly string[], secrets: readonly string[]): Secrecy {
  let isAround = false
  for (const secret of secrets) {
    const pattern = secret.split('.')
    const length = Math.min(pattern.length, names.length)
    let matches = true
    for (let i = 0; matches && i < length; i++) matches = pattern[i] === '*' || pattern[i] === names[i]
    if (!matches) continue
    if (names.length >= pattern.length) return 'secret'
    isAround = true
  }
  return isAround ? 'around' : 'plain'
}

/** Whether the value of this key is stored encrypted, and not shown. */
export function isSecretValue(key: string, secrets: readonly string[]): boolean {
  return secrecyOf(key.split('.'), secrets) !== 'plain'
}

/** What is shown in place of a secret. */
export const hidden = '***'
