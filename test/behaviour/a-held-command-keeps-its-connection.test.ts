import { afterEach, expect, test } from 'vitest'
import { createClient } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { until } from '../support/wait.js'

const servers: LocalServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

/** The question that decides has been put: by the client's second connection. The last is that of this question. */
async function isAsked(server: LocalServer): Promise<boolean> {
  const clients = String(await server.ask('CLIENT', 'LIST'))
    .trim()
    .split('\n')
  return clients
    .slice(0, -1)
    .some(client => /cmd=client(?:\|list)? /.test(client) && !/flags=\w*b/.test(client))
}

test('a write that the server holds is not given up because the server answers another connection', async () => {
  const server = await startServer()
  servers.push(server)
  const redis = createClient({ url: server.url })
  const id = await redis.clientId()
  await server.ask('CLIENT', 'PAUSE', '60000', 'WRITE')
  const answer = redis.incr('n')
  answer.catch(() => {})
  await until(() => isAsked(server))
  expect(redis.inspect().nodes[0]).toMatchObject({ available: false })
  await server.ask('CLIENT', 'UNPAUSE')
  expect(await answer).toBe(1)
  expect(await redis.clientId()).toBe(id)
  await redis.close()
})

test('a script that runs on is not given up because the server says BUSY on another connection', async () => {
  const server = await startServer({ config: { 'lua-time-limit': 100 } })
  servers.push(server)
  const redis = createClient({ url: server.url })
  const id = await redis.clientId()
  const loop =
    "local t = redis.call('TIME') while redis.call('TIME')[1] - t[1] < 2 do end return redis.call('INCR', KEYS[1])"
  const answers = [redis.call('EVAL', loop, 1, 'n'), redis.incr('n')]
  expect(await Promise.all(answers)).toEqual([1, 2])
  expect(await redis.clientId()).toBe(id)
  await redis.close()
})
