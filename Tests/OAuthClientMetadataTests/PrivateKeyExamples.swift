/// Private keys that protect nothing: they were made for these tests with `openssl genpkey`, `openssl pkcs8`,
/// `openssl pkey` and `openssl ecparam`.
enum PrivateKeyExamples {
    // MARK: Usable

    static let rsa = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCp9tCTCYoZP8ap
        VOR0kgYWPWK6iWLlXftVEdef54bV5+itRbdkJJbVomxJKtqmFJjicgK5prDx81by
        nie1epeovlT1w3FVApT1tsyvoN1o1hCm2eBYKGa4e5UMRpZt1mHog0b3WkI2IIUJ
        3U2bCSQJYNi1sCDmpfcU6HkJzhwmHnB/Yy4FbEUMXlimwwwEuauopHsE7yLud2HN
        /QxQlgLTcK5OBqQXbOC5G2s3l661w6PUz8dGN3D3SwlF9yODGfBlMQRNMCPTNG42
        TCFb/QdcrRibGgHxvlb2Z0j882rs8PPHn+YZn6vQ9YRsEXU8BKOeg1P1FF+U2Rmf
        jxQlE0/nAgMBAAECggEAA4fqnltg4JRoGqV2V4ufD8A3uFtZUB2LNqG3wo0rSm9W
        cJ8Vp8Fw1sBYko6O20trP60RrGyvmV8uS70IYydIVkuZ9T8ZsCPtF0u0ZeOoJeDo
        mKbHF93DAIsktgwTXPXKs+tiQoo//OLhEKrlzVY7xuwZpHCjxlblUqxfs1nyUMJh
        cmXokTGF90YV8+11JyeCvcz5oG8g7fWEH1kobzJ0GNltEfm92t6hrQ+YPxel0NYt
        3fNTQB3FKnEm/oTHNlwoWPCULVxRA1WKU80HX2w5NxBzr8+rtSf0qixsysB7uD3w
        AqDb/MDl7JfhpTryJZvCQPIQEVoXET41m7vABRgbBQKBgQDdIxBtOmhN7PnubDwS
        Sg2PgUG0v5rBwPU9CoKBgWZPguM0EGLfaNdx3YQAxji0itvpX9PgxCWOGMn92/vu
        XNIiwX32SuDT3wMhYTeVgEU/HzPR+LEJOfp+GouooUztg2CMIzCUd1BE4b0e+zGn
        Fvy8+kYaVUXbsLM0JWo6c00IbQKBgQDEwnMZtgiKwz+095ssYbRPDQVuqrkAC3xM
        pqheLhFHVGcii1Sj8bZUT0WQ3ACy0F7mVkye4WVpXPyvV5jraqcwPeVsmTQScMBD
        1jxIFVSSUOc5nGuBony2VNZGKlXUzZC7xb2ESUzsn7iWHoA3VgelE03c8UmAKXpx
        YXHk6VAtIwKBgQCNvcburExk/mtoxlluw6aTgB80ksfIPz0x5gWmquGAP34QRhyJ
        5LKLmpfcwzFfj83LdY/idvc3cG4wWIvPyhErE+kAMBiR1VU1VRICspgwEHjvsj8P
        kekcYTl5WgJsDxSYXonp79w0epj1Pb8iwZo4Kxc6E8RWP5lt6DmBw5vxtQKBgDGX
        aPdEACcpSvdLqRqojY+XEpVwBizSuEOBhdIm/kfiKBR21aB0naXmTPxT1wE6r5CS
        k8E/whWqUC3JgEtlmDn6f8a9Xnh/XpY6evsYFTbDmWPV3urPj2tNOqx4oyV9oksR
        bdDXwMGrCBUeHubTkh2zHd7gGcxpp+jHzLMLcx/NAoGAPIEheZgD6R7g8vou+Dun
        g1378SCUFgQkxdkpF57Pd64uYpnMAqzDrqdGkXdudvNC7p2p7wa1NBwrBP7F7eH5
        I9LFlCCuYtZfsYRW2E0JAIn7uCkW0BFX9eME/o5fHWVzti4Mq4tPr9xu2/WeCaaJ
        a1AU1z9cuvgmbAHLU5bvrRI=
        -----END PRIVATE KEY-----
        """

    static let p256 = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/wPBYZYUYpdWrFc5
        AnSLMOPXDdMgsX4j06cNgX2qYWihRANCAARU8r8ADv3LIbl0/EhyChuOWzvSe7Rq
        uNuffxUkkcx9fks0qY8eq7DmpG6bXdN5njeAk5u3cgly3KGKRtcQ8fx8
        -----END PRIVATE KEY-----
        """

    static let p384 = """
        -----BEGIN PRIVATE KEY-----
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAJFM1i4gMaImWBJ8m+
        DZAeMfktebTOqwRKZXP6eI03/6bNcaD0d8TqG/8MjWZXNgihZANiAAQNnyUb5r9r
        5Mg4/GDfpcKA4qwu+4hDJGB8uPuE0dJbS2puo+t0M3f98kbGpoWeF9QpXAniAEN4
        wlnmSdVSIOY9IgK6Zb7y7sm7AZChC29HNp8s3U2z46gEItwbC+uzW70=
        -----END PRIVATE KEY-----
        """

    static let p521 = """
        -----BEGIN PRIVATE KEY-----
        MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBDHBDV5Ek+yUl3J8T
        ifm9cufj18/fAYnFuRoEUbqAd2rEZhUFzx2TwpCIHHyylxZgrqtUvEwxy6xDuM6u
        fyM1HRahgYkDgYYABAHTSi5FoRGYsXWYhwQdMDNaEnd0xm6uZlRV1VdxKdnvmtHU
        ejkSdn9OfLNmZgHw4AdltedjtogVOmfuVFUJdRwbfwG28l3V4ozhdmuujAfLHjkb
        dqA7kyAFAI7nhWS7ZK4BMZQD9L+FOhCUGldg9soOPpLn9CvyL3lQGrRs5vSGLlhI
        zA==
        -----END PRIVATE KEY-----
        """

    static let ed25519 = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIHGKQ4UpbUN8yAe8kR7bwvNBxi1b3KqQc/lj8SFzmVXb
        -----END PRIVATE KEY-----
        """

    // MARK: Not usable

    /// The password is `x`.
    static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiANPB4IPmfTwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIRWOVtSAju+64JDztKALgIEgZDQ
        QnPWPrInM/IKJqg+yw3F+Gwlp3rCCdkHceYjs/40GdQgj6uVZHf44vpHu8u7JMRB
        CHA/80PGwdMCfQsvVR/mvaGe6l//eWoZJxvaY/kIeuL5pEdy+8KQ91/4aM9/oIOj
        Tb8TOdOXAZJnxp+CR7FgQIW/KcGtFKMSELgLuQUNHwXfQff94R4R1ev+Rc28cvU=
        -----END ENCRYPTED PRIVATE KEY-----
        """

    static let sec1 = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIP8DwWGWFGKXVqxXOQJ0izDj1w3TILF+I9OnDYF9qmFooAoGCCqGSM49
        AwEHoUQDQgAEVPK/AA79yyG5dPxIcgobjls70nu0arjbn38VJJHMfX5LNKmPHquw
        5qRum13TeZ43gJObt3IJctyhikbXEPH8fA==
        -----END EC PRIVATE KEY-----
        """

    static let parametersAndSEC1 = """
        -----BEGIN EC PARAMETERS-----
        BggqhkjOPQMBBw==
        -----END EC PARAMETERS-----
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIO5h3qTso+7zy7sql+AUCPZz4KNJ0ofO2Rm+Qa8u21V/oAoGCCqGSM49
        AwEHoUQDQgAEmFL+TvQR3vd1ytudJjuoasy2nHSaiQmWHYPpXqxOyJRjQSPSOGVo
        K1iAycnpetuP9wbvqzd1eHz2supItL8CIw==
        -----END EC PRIVATE KEY-----
        """

    static let encryptedPKCS1 = """
        -----BEGIN RSA PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,D3541744924244ABA1EF34E8DDAFBF9E

        6TlqQ9q8MOeTd1UdSQvBUa9WkeG8ZzutAySTZcFY7+kXN/yXsLJcP1AdfwicLKcT
        a8aSJCV8DlsBvanE7us+9J5ctNGWYGmQY4tec0SZz+fErwjOp2ZaytonKv+/C5kc
        4RfDb77Z6vM7zdm1WXf0yRBtLjkYtJXf1vbylUV51zzzjQgY8ChyeW6UIkIxkOts
        4wOFC85zvbNcfeoEIVAXtyq/7vwe++O1ldBbwS/jFtsIuqg2X/UovTHPdor7vAkP
        +QuQ4H7ykta4+gwzKqMv2Ut/3zOSv1B0OhgKvBYDj6fBKJEDfN2JZWuqACB8akQb
        eC5TKz4PdE2eJkiyK6s+J/DnN0JjMePjcaT/LoWya4Ra5logHeycUwemmi9lWgS3
        XI5EEv1qcx+0BjAZCAE+D9BLemfKh3h6J6/M8dSwHZDAjSWpEzgIx8f31wuPLD5b
        t3n5yko/Byg08JIF/7rNHnq9fl57ODDbbNIo5PFyJvmQ2fPhBff2hzGLxBSDxl0j
        XFlC8iokOPQWoiVSShCTN/3+mBALwj45JViVOTdJAwP5UZO9RY8sip5z8+2Xe707
        4VTHJl1ZjPfpCBMB9BuE/5+oVRl77MHslk4DoyuxFW6MvhK7+YC/XXew0Hyp2/8p
        mfpWC4QMJlDXax0yNqTaBKMnPo0ShJpZCMLigqptMwsEE6GJG5F3qbNi5KwD9aWc
        I4hawnnttesqyWuzPqzTLh4JqxOPiUwRgN5jgmjc4jeG6pqJHwJ4czY0oqItWEFU
        ZcvnGIoHDbFVn793L15MG4JtiUyUrb8ycwqb7GmGniVfpWQreHVPQESsopNq1BnV
        RRSin8YUGC6bVISN8w4YYnY+BaRTWQVF32Y+zv3wOiUxwX7KRV0nS4TcCTY++1lu
        dxeeNOvfyOgSINcQjLnNcAohEHZlt4sDIH/XZSMa8YXnyU3N8ruMVLn7BCnKwkT8
        r/AAwrJoRWLY/56g5L+NyeQahguxMsZtkwNM5wcUl/yjeH5Laha7tF42Ljh3VDAM
        9W16Z52AWFkn3x8KocK46Lr8oBSKBmghaOkdqAgHeMPhMmrSnHb1KJ+8kkCsy/Sr
        iFeoyITFcp/lhfAZJiUtPIB7UsIzReWQXeyALl8607iSGjPZYSrh2aMtsf+5k0Vg
        TYU4H2S2jqdT5hXD0w8UOhGvEs4meR1ueEsHUjDLlyqNZoa1RCOta8pN/BuWUsKE
        Q47rdJ7jRD4ewzDu+2xxIFbNbmQdXrTT5B7yBd4QTHVwAIc8amxDpYWUfktW0M4z
        UuOKzpjmHGN4DxzX3PcFTmH1ypNxa3XEksf8cvIOugy4Es+E/NsKPTtgViBSaM0H
        QqiMbaLObNuoaMo2jyDDAZDytGfLl5BULzmRvl6o75iHpVKctKP0SChEUxwfdguD
        Q+WhZQO/ug3eB8B3QBglkXm10E5O8CEIGqsdk92A65W7WeWCF6T65ntoU+MjBHNK
        q4JjdT0sIKtfyc+K3xG6XppKRZoCnIMnNMTOy0gl1O3/mGzRp76Ih4aoZGqLoZDg
        OewwRGLRR2VYkIsEp6VgHFRgePFXRD1bxYuSV+hZEC+AO0gaY9RjwP3i/ganaXi5
        -----END RSA PRIVATE KEY-----
        """

    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVPK/AA79yyG5dPxIcgobjls70nu0
        arjbn38VJJHMfX5LNKmPHquw5qRum13TeZ43gJObt3IJctyhikbXEPH8fA==
        -----END PUBLIC KEY-----
        """

    static let rsa1024 = """
        -----BEGIN PRIVATE KEY-----
        MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALRIa7n8bmolEqI7
        bIgE93FlHe44Gce1wyQ44YGLkoFHuR1UaRmmUaSvjPUXorhVjZBX4dBnpv0XZB7o
        7x5YcOaaL6u7VfrNxg2xoDJ7axoivGzOiE823KSqRaT0mut2um2UMoQWEJL1g68w
        fJsR0WzmrhXFaLoloiHBcm9YFduDAgMBAAECgYEAl4txEsxBPHShb0Iof0Y9glKP
        kFoUQa5mtSIjXbQnmQjjcOYt2uPWKWtwP+54WB+Cel2FcpxO4N0yylDgAFAzxhuU
        u2lLh023MfMkdztXU37vm7QeZ3CNknYPm+DfScCfxVArkvC0fVzDoEOnUz71lrRO
        PIHGPWsTTdMpegu39GECQQDW1dRom3BTk8e+qI+T0dtleD/EVTZ6seIiYIYU7RNS
        +u0YCPaLanzypWcjXFe96ah9wm99+T+tQkFTbQuXdgmbAkEA1tO3aslCeMpqaEz4
        lfyHGauWA/jhvRnb4ICnbTENbAA77J+boTxNfWdOQO6aAq6mCbWoV5zWF613lVQA
        QYCoOQJBALuVqgpM7x+LAfYwKG3h57gJ72P3I8KuX820il7rQtxJzYwXB29kZAVa
        91ug3dwtkbl9dOyCHl+iYnf91wlBP9ECQF13rBvYCQXI+9b5dka7ooQ2tYRw6rZ9
        476f+zh02SQeTfQ71VinhgeDxPZXWcbE+hTLZr0HzdZrcNYVwC6/rXECQFjqwl3h
        5++oWs8QSapz4mrQ/ZZUgQ6D4GsFmtLWU71chMnkGHi54jCjhHFWbzmMup/N4+dp
        hF/CP6jajdxoOmk=
        -----END PRIVATE KEY-----
        """

    static let rsaPSS = """
        -----BEGIN PRIVATE KEY-----
        MIIEuwIBADALBgkqhkiG9w0BAQoEggSnMIIEowIBAAKCAQEAsGkHXSX/ePQsfUfx
        dpoFf3iMWVKVXNaXk2474feCxiFiiKAw8K1+XFo4uoCiLDRnZxkoH+pbn3S5HD2I
        c7yp3Tr/cGKjh8xjzEsRLVcFxrW//CcOwmP4W9MQShaJlFkHmS0le8/vqElqLlOf
        LjrHMTcSWJgneaK8vXHcq7BRAEWEWdEhkOo/MhfevR+VjO0aTWNA7VRpCLVnN1wJ
        7lIK2/24twLXUcJfr2bG+AkwzxQBJaTdHcAj2nZffenneOa9bAF2jlZg9hJy0Hio
        v3k/QlUJTCUYHK8vXItFW8SlxRRUMkAyZVO65EckYDqgAWF7wseHK5y66twctbn0
        SYvQFwIDAQABAoIBABElZtz+Xvorcrw13GRvLElLTF+Nf81MtuHSV96q1xqZJGxs
        HtBIb0eG+2GL3syrcUDGOK4AHNSpnH5VWr2ztieLCZ3WRde38saTUJbsEOMonNbj
        bZ37kn2g95cui+5lHYXIALnWfZAz8S6R28m7VnX+83kJ8jhH1s7A/ODxG7EKEaPz
        9atho6M1HEf37DzNytmNoEvGMdDXAD/Vl4z6d+sxYLiDM1Ep3w/J8hvznqV1LWKQ
        dafT/cFXKwvCUw0xvaDEiwFdV9DeBuz5D2kAx0lbbApkCcJo6t3wemjsp1U0+uJ2
        HfkRypQl2PrhmVsa3bF9mSJaZVMtCV9/efwTNg0CgYEA9J2edsTg4Eyoza16gX80
        OwLoFvwpWDnVHyYCE7tXexMt5RUwinx89CEMH7igc8Gzmry2I6EeUt4Au0WoAq9n
        nf8PhDFQi2wZmURGmd7ZJl1faTtkv8qsZWNldR4scod+e0xtnWaelw9qAjcFdIgJ
        XAHMUaWseihurp6QOaY51fMCgYEAuJ7NUWHFINYlLBCzoBWm0+PaBg6RMmDYRE9b
        UAvmhJk8V3U24YvRQcXQs1JxalwAOfGoEcPIFjSxv9UzzTA+FVMEG6sd8MdobkFX
        4Y37S6emGC+PYaxWE78nZMIEI33t8FZVNP63kMK9x9G+4Ecvg5cUKxwBL4daxEuh
        MV5vMk0CgYBVWNE7O0ICwHx9FrQRjqJYnJEBxAVg5Py5G3fKDqldJbnzncsL5pdq
        TkV+o9pHySOzL3iVQdfkrdSvgoQ2O6D5fU6anuItYxAja7D+asR1IErz2mcyi7JO
        xblWfaqgYyn8NxRfwLhAmH4yO6RJnlU1puL08csV7BmCD4zesGKphQKBgESW2vjN
        NguJA65nVhS3do9qK2nsp4zr5e0a/nWytiW1OHHVnloVM90XvP2iN3ioTX05hpNz
        BTcaxJ7ceq5UqfwKJ5CP9kOqEeZEaH3n3eCxnEeIA+DpweD8N4p7ekYlVuzfZjCW
        IWSqtQ8zoZJ5X/Gng1qwwNADnXkoD+7jgrRRAoGBAKoyAB2WesTem2nnbxnP1lLu
        a3DHibcMjUrbVqHKu6VDCYPEcOHyOTszLkqea2UkPsE7E8NS0mGhISC5x6Aq272z
        3K9ucdksFzPZB6W8QF8sIa8dcMgufoeLhFpPRfWHSKmjO0zpSG/S2GgvWAxjo25b
        eAmV1Q4F4njOaieSnVOH
        -----END PRIVATE KEY-----
        """

    static let secp256k1 = """
        -----BEGIN PRIVATE KEY-----
        MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgX+GHsmbUvZfm05/9ojn/
        znzcMApnIB1isP7fMPqEz2ShRANCAAQKrJ2zpmNe1wpJigJQnBBVSYXYfGCLrNzK
        x+944INmSdEJXu728m8fgYjQpmb6UIj4An3JhSPphOyN154kiGWw
        -----END PRIVATE KEY-----
        """

    static let explicitParameters = """
        -----BEGIN PRIVATE KEY-----
        MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB
        AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA
        ///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV
        AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg
        9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A
        AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQgrplwa4kPoUVv
        2F22QJbNAVpn95tx4MzEsRlJKFucbNuhRANCAAQaP/svn6N55Y/IXgmL4vGeQJMX
        k8M9ug8fyFtypdnbFWAzc1rUZriByZzSbMWoAApWLPafuu2wIko6BdGvSgUC
        -----END PRIVATE KEY-----
        """

    static let ed448 = """
        -----BEGIN PRIVATE KEY-----
        MEcCAQAwBQYDK2VxBDsEOQFALdhAfxAuXufTQgo6/YLfF5uBO2exmQkI90L6t59k
        ZER3vWB1zlmCUmu3JKHXLixwZxwzWM70mg==
        -----END PRIVATE KEY-----
        """

    static let x25519 = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VuBCIEIAjysuTHJ0nuMOYQTZuOS38eU40qg6TQ1LcRABXAqEFl
        -----END PRIVATE KEY-----
        """

    /// The private half of ``p256`` with the public half of another key.
    static let foreignHalf = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/wPBYZYUYpdWrFc5
        AnSLMOPXDdMgsX4j06cNgX2qYWihRANCAARbxsTDWU5DfzMBxH/jzod9f9RTG6sS
        czBlzVpik2uylPprGy4DfUe1GsNExCn+NZsdRTV+UAzWiNVV86hkia0v
        -----END PRIVATE KEY-----
        """
}
