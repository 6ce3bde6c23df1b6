/// Public keys made with `openssl genpkey`, `openssl ecparam` and `openssl req -x509`.
enum PEMExamples {
    static let ec = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE42OFwFpZdJMA/pl6Tg55oJInWlxu
        A3zeIrZZs9APyEN35nlCo4Wk3jhZD8GPEG0WuBJvRx4vgME2LBPUY/br/Q==
        -----END PUBLIC KEY-----
        """

    static let ecCompressed = """
        -----BEGIN PUBLIC KEY-----
        MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD42OFwFpZdJMA/pl6Tg55oJInWlxu
        A3zeIrZZs9APyEM=
        -----END PUBLIC KEY-----
        """

    static let secp256k1 = """
        -----BEGIN PUBLIC KEY-----
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEnJBI+ekJ9FbP5fsG7bdGsvD4PHRM8osI
        FwNfAs4nj9ZpLmdzJRAqr+R1OEOa0em8gdCMlHXA1p2cSUGCNyVpMw==
        -----END PUBLIC KEY-----
        """

    static let ed25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA9KQEd4jrWiRbYKQf8jZ5KyCcb1U5xB0fqouC95O1PpY=
        -----END PUBLIC KEY-----
        """

    static let rsa = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAktvBgCHBC67q6UsVnrge
        1sQWgqJyDkUXVJDJ9j9NKifJ6L0TFDE5wQI0uJN0gZNLt8EU6ED4XK6HC0SaGnN5
        CHPnuX9tWCbTQrrrIyA82F4ERdj5Ab8VX43SOxrS5QrX+GArApa2Gce06D6LRA0R
        DHMwn/PeD6k0yxtfGyLbGKrMNDCqu/T4qhRWpO6oUwueTtrTpC6zj1H9eIxeSf8X
        r7rK7Rfad7Iltkz6po9w59HmNiwgy2m0VDnxDcUTty2/csycbCvK/08lah5aM5sx
        p7XZvn/SOcdERU59SQ5wawQA/VjrzfxM5widGpZB62p49/1VwAQEMy/K7HmNNJig
        /wIDAQAB
        -----END PUBLIC KEY-----
        """

    static let rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC16iSBrK4LQ1MFP8Sx7idqjiPs
        k9VOicIPKGy4P8uqZr95mdsiqKAJ+MaMnEbA8JW7kILf0RA7fWtDGXrcppzKZkfc
        CPJTP1biwj+g1HJeL5h0jfZyuWOLUgMFAKC2J+e4n1w2WgL27jYfjGiDdY9WqzV1
        d8MZipGZR0mpIYQYSwIDAQAB
        -----END PUBLIC KEY-----
        """

    static let x25519 = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VuAyEAVsPVjXnTE5oIl4ewRg27Xx/2IPkagJTvtN0zCwIVohg=
        -----END PUBLIC KEY-----
        """

    static let ed448 = """
        -----BEGIN PUBLIC KEY-----
        MEMwBQYDK2VxAzoAoOZCroWqQwPGtwyBChNymA4poAuOGCr93IX0PBNy8+wo222s
        m3v6fCQWjVlOnQbLqk0Itgj+Yo8A
        -----END PUBLIC KEY-----
        """

    static let brainpool = """
        -----BEGIN PUBLIC KEY-----
        MFowFAYHKoZIzj0CAQYJKyQDAwIIAQEHA0IABChM7YEvwVAj7Gc79qdE49AkyyXN
        FIJukaxzGG01XsZlh6xQi4FxDk4j17CTTBIwa3J04p9k7Hd0F25FI6EoNgU=
        -----END PUBLIC KEY-----
        """

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBbjCCARWgAwIBAgIUfyd0FVrrqs8FeHZb6gDjBTa8U3swCgYIKoZIzj0EAwIw
        DDEKMAgGA1UEAwwBdDAgFw0yNjExMjAxNzI0MTNaGA8yMTI2MTAyNzE3MjQxM1ow
        DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABONjhcBaWXST
        AP6Zek4OeaCSJ1pcbgN83iK2WbPQD8hDd+Z5QqOFpN44WQ/BjxBtFrgSb0ceL4DB
        NiwT1GP26/2jUzBRMB0GA1UdDgQWBBQ62pKnNd7/SLVNqacsmLSD0DrODTAfBgNV
        HSMEGDAWgBQ62pKnNd7/SLVNqacsmLSD0DrODTAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0cAMEQCIHSU+DqxUY4f+m+ugGL/+eGl7yTgEnqiN6NB55r1599C
        AiBAlfA0WEcw4iXRozPPQxk0QQgeWiH0JIbCc8szWtUPYQ==
        -----END CERTIFICATE-----
        """

    static let rsaPSS = """
        -----BEGIN PUBLIC KEY-----
        MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBAL1k8RXQV1Ux006L7g045qMv
        0cmpi6SUf5ZqmCCyzqv//EoWCDtuHzzmQu4fIzoi49GudQxDg0NQw5b6CM/cQkJD
        qgIE8yohMvNuJMNAOVYYmxR3u9lHw6LaTRiCiDGuP5215b4QPt4G4TNfNHBn0mOZ
        7Jq6Y+1VmLe1UOiy/QXFXbaq/W/Y6xHybVbCnAbrr3fcEU5TSYFo9t4eerH3y+zE
        VYvIvJIwZZ+RzAbWCD/baJxSRogwC620FfUm/KTvJrgFJj1WffimJ8yv0W0RDxWG
        mz/RBzk3paVsI1UO1pfzVxTirvuGBKIVQI8U9PYByU5lQTLAgOd/uib/eyqtnskC
        AwEAAQ==
        -----END PUBLIC KEY-----
        """

    static let explicitCurve = """
        -----BEGIN PUBLIC KEY-----
        MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
        AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
        ///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
        NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
        RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
        //////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABJ9dlJwVyaGSxUNT9UK6gRHy
        BKq9BBz9EE+W+xMM/STAOw8HVHoGl3GOTqFaNNqHJmPniRKqm831p7Odv2v92y8=
        -----END PUBLIC KEY-----
        """
}
