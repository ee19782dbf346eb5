/** What `npm start` prints when the server is ready: its URL, and commands to paste. */
import type { PollsTenant } from './tenancy.ts'

export function welcome(port: number, [first, second]: readonly PollsTenant[]): string {
  const url = `http://localhost:${port}`
  const json = "-H 'Content-Type: application/json'"
  return `
partywall polls is ready on ${url}

  all tenants           curl ${url}/client
  ${first!.schema}, by host      curl -H 'Host: ${first!.schema}.localhost' ${url}/polls
  ${second!.schema}, by host      curl -H 'Host: ${second!.schema}.localhost' ${url}/polls
  ${second!.schema}, by header    curl -H 'X-Request-ID: ${second!.id}' ${url}/polls
  a vote                curl -X POST -H 'Host: ${first!.schema}.localhost' ${json} -d '{"choice":1}' ${url}/polls/1/votes
  its results           curl -H 'Host: ${first!.schema}.localhost' ${url}/polls/1/results
  closed in a second    curl -X POST -H 'Host: ${first!.schema}.localhost' ${json} -d '{"seconds":1}' ${url}/polls/1/closing
  its numbers, cached   curl -H 'Host: ${first!.schema}.localhost' ${url}/summary
  a logo of its own     curl -T logo.png -H 'Host: ${first!.schema}.localhost' ${url}/logo
  metrics               curl ${url}/metrics
  for API tools         ${url}/openapi.json
  a new tenant, live    curl -X POST ${json} -d '{"name":"Williams"}' ${url}/client
  served at once        curl -H 'Host: williams.localhost' ${url}/polls

A SaaS with a sign-up and a CRM for each tenant:  npm run start:crm   then http://crm.localhost:3400
The console of its operators is started with it:   http://admin.crm.localhost:3400

Ctrl-C stops it.
`
}
