// A password that changes while the program runs. In a project of your own: from 'slotwise' and 'slotwise/local'.
import { createClient } from '../src/index.js'
import { startServer } from '../src/local/index.js'

const server = await startServer({ config: { user: ['app on >first ~* +@all'] } })
const admin = createClient({ url: server.url })

// In earnest this asks a vault, or a cloud's token service.
let password = 'first'
let asked = 0
const redis = createClient({
  url: server.url,
  credentials: async () => {
    asked++
    return { username: 'app', password, expiresAt: Date.now() + 3000 }
  },
})

console.log(await redis.call('ACL', 'WHOAMI')) // → app
console.log(asked) // → 1

// The password changes: the server takes both for a while, the vault gives the new one.
await admin.call('ACL', 'SETUSER', 'app', '>second')
password = 'second'

// Before three seconds have passed the client has asked again, and its live connection has shown the new password.
while (asked === 1) await new Promise(resolve => setTimeout(resolve, 50))
await admin.call('ACL', 'SETUSER', 'app', '<first')
console.log(await redis.call('ACL', 'WHOAMI')) // → app
console.log(asked) // → 2

// A new connection needs the new password as well.
await admin.clientKill({ user: 'app' })
console.log(await redis.with({ idempotent: true }).call('ACL', 'WHOAMI')) // → app

await Promise.all([redis.close(), admin.close()])
await server.stop()
