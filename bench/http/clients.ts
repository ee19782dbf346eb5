/**
 * The clients of the HTTP scenario, in a process of their own, so that they take no time from the event loop that serves. A fixed number
 * of connections stay open, each with one request at a time, as behind a load balancer.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Round } from '../measuring/comparison.ts'
import { play } from '../measuring/rounds.ts'
import { picker, schemaOf } from '../queries/fleet.ts'

/** Requests to one address, each for a tenant picked at random. */
interface Requests {
  readonly url: string
  /** The header that names the tenant. */
  readonly header: string
  readonly tenants: number
  readonly callers: number
  readonly pieces: number
}

export interface Clients {
  /** Sends the requests, and resolves when all are answered. */
  send(requests: Requests): Promise<Round & { /** The share of one core that the clients used. */ readonly cpuShare: number }>
  close(): void
}

export function startClients(): Clients {
  const child = fork(fileURLToPath(import.meta.url), { stdio: 'inherit' })
  const ended = once(child, 'exit').then(() => [{ error: 'the process of the clients ended' }])
  return {
    async send(requests) {
      child.send(requests)
      const [answer] = await Promise.race([once(child, 'message'), ended])
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer
    },
    close: () => void child.kill(),
  }
}

async function sendHere({ url, header, tenants, callers, pieces }: Requests): Promise<object> {
  const agent = agentFor(url, callers)
  const pick = picker(tenants, 'uniform')
  const round = await play(() => request(url, agent, { [header]: schemaOf(pick()) }), callers, pieces)
  return { ...round, cpuShare: (round.callerCpuMicros * round.perSecond) / 1e6 }
}

const agents = new Map<string, Agent>()
function agentFor(url: string, callers: number): Agent {
  const agent = agents.get(url) ?? new Agent({ keepAlive: true, maxSockets: callers, scheduling: 'fifo' })
  agents.set(url, agent)
  return agent
}

function request(url: string, agent: Agent, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => {
        // Ten rows each: an error page, or a tenant without rows, must not count as an answer.
        if (response.statusCode === 200 && JSON.parse(body).length === 10) resolve()
        else reject(new Error(`${url} answered ${response.statusCode}: ${body.slice(0, 200)}`))
      })
    }).on('error', reject)
  })
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.on('message', (requests) => {
    sendHere(requests as Requests).then(
      (round) => process.send!(round),
      (error: Error) => process.send!({ error: error.message }),
    )
  })
  process.on('disconnect', () => process.exit())
}
