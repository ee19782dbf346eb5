/** Columns whose values open something: passwords and their hashes, tokens of sessions, keys. With a token, one who may only read would act as its owner. */

const secret =
  /pass_?(?:word|wd|phrase|code)(?:_?(?:hash|digest))?$|(?:^|_)pwd$|secret(?:_?(?:key|hash))?$|token(?:_?(?:hash|digest))?$|(?:api|private|access|signing|encryption)_?key(?:_?hash)?$|credentials?$/i

/** By its name: `password`, `access_token`, `refreshToken`, `client_secret`, `api_key`; not `token_count` or `passport`. */
export function isSecretColumn(name: string): boolean {
  return secret.test(name.replaceAll('-', '_'))
}
