/**
 * Whether strangers register names directly under a host: a top-level domain, a registry's second level, or a host for customers of a platform. Only the
 * common ones are known; the whole list is published at publicsuffix.org and changes every week.
 */

/** What kind of suffix it is, for a sentence; undefined for a host that is no known suffix. */
export function publicSuffix(host: string): string | undefined {
  if (platforms.has(host)) return 'a platform whose customers have hosts under it'
  const labels = host.split('.')
  const [first, last = first] = labels
  if (labels.length === 1) return ownNames.has(host) ? undefined : 'a top-level domain'
  if (labels.length === 2 && last!.length === 2 && secondLevels.has(first!)) return 'a suffix under which a registry sells names'
  return undefined
}

/** Reserved for tests and for networks of one's own. */
const ownNames = new Set([
  'localhost',
  'test',
  'example',
  'invalid',
  'local',
  'localdomain',
  'internal',
  'lan',
  'home',
  'intranet',
  'corp',
  'private',
])

/** In front of the domain of a country. */
const secondLevels = new Set(
  'ac co com edu gob gouv gov govt gub id kiwi ltd me mil ne net nom nhs or org plc sch school web'.split(' '),
)

const platforms = new Set(
  (
    'amplifyapp.com appspot.com a.run.app azurewebsites.net azurestaticapps.net blogspot.com cloudfront.net cloudapp.azure.com deno.dev ' +
    'elasticbeanstalk.com firebaseapp.com fly.dev github.io gitlab.io glitch.me herokuapp.com loca.lt myshopify.com netlify.app ngrok.io ' +
    'ngrok.app ngrok-free.app ngrok-free.dev now.sh nip.io ondigitalocean.app onrender.com pages.dev railway.app up.railway.app render.com repl.co ' +
    'replit.app replit.dev run.app sslip.io surge.sh trycloudflare.com vercel.app vercel.dev web.app workers.dev'
  ).split(' '),
)
